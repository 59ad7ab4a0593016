"""Start against result on the same held-out faces: what got better, what got worse, how surely.

Differences are taken face by face. Faces are drawn with all of a person's together, since two
pictures of one person err alike.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from converters.intervals import interval

LEVEL = 1 - 0.05 / 3
"""Of each interval: three are looked at, and all together shall hold in 95 of 100 runs."""
Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "no_better"]


class Change(Struct, frozen=True):
    """One measure before and after, the mean difference, and the interval that it lies in."""

    start: float
    result: float
    difference: float
    low: float
    high: float

    def words(self, unit: str, digits: int, good: int) -> str:
        """'7.63 → 6.40 years (-1.23, surely between -2.10 and -0.31): better'; good: which sign."""
        shown = f"{self.start:.{digits}f} → {self.result:.{digits}f}{unit}"
        low, high = (f"{value:+.{digits}f}" for value in (self.low, self.high))
        state = {1: "better", -1: "worse", 0: "no difference that shows"}[self.sign * good]
        return f"{shown} ({self.difference:+.{digits}f}, between {low} and {high}): {state}"

    @property
    def sign(self) -> int:
        """Which way it surely went: 1, −1, or 0 where chance may have done it."""
        return int(self.low > 0) - int(self.high < 0)


class Comparison(Struct, frozen=True):
    """Mean absolute age error in years, the same with every age band weighing alike, and the share
    of right genders.
    """

    faces: int
    age_error_years: Change
    age_error_balanced_years: Change
    gender_accuracy: Change

    @property
    def verdict(self) -> Verdict:
        """Worse: one measure surely is. Better: the age of the faces as they come, or the gender,
        surely is. What the commonest ages gain from the rare ones is no gain.
        """
        changes = self.age_error_years, self.age_error_balanced_years
        gains = [-change.sign for change in changes]
        gender = self.gender_accuracy.sign
        if min(*gains, gender) < 0:
            return "worse"
        return "better" if max(gains[0], gender) > 0 else "no_better"

    def lines(self) -> list[str]:
        """What a person is told."""
        balanced = self.age_error_balanced_years
        return [
            f"age error {self.age_error_years.words(' years', 2, -1)}",
            f"age error, all bands alike {balanced.words(' years', 2, -1)}",
            f"gender right {self.gender_accuracy.words('', 3, 1)}",
        ]


class Errors(NamedTuple):
    """Of N faces: the absolute age error in years, and whether the gender was right."""

    years: Floats
    right: NDArray[np.bool_]


class Whose(NamedTuple):
    """Of N faces: a number for whoever each is, and the age band of the label."""

    person: NDArray[np.int64]
    band: NDArray[np.int64]

    @property
    def weight(self) -> Floats:
        """What makes every band weigh alike; the mean is 1."""
        counts = np.bincount(self.band)
        weight = 1 / counts[self.band]
        return np.asarray(weight / weight.mean())


def compare(start: Errors, result: Errors, whose: Whose) -> Comparison:
    """The comparison over N faces."""
    person, right = whose.person, [part.right.astype(float) for part in (start, result)]
    # One face more on either side: else five that changed one way out of many would seem sure
    # (Agresti & Min 2005, for differences of paired shares).
    more = np.append(right[1] - right[0], (1.0, -1.0))
    others = np.append(person, person.max() + np.array((1, 2)))
    alike = np.ones(len(person))
    return Comparison(
        len(person),
        *(_change(start.years, result.years, person, weight) for weight in (alike, whose.weight)),
        _summed(*(part.mean() for part in right), interval(more, others, level=LEVEL)),
    )


def _change(before: Floats, after: Floats, person: NDArray[np.int64], weight: Floats) -> Change:
    means = [float(np.average(part, weights=weight)) for part in (before, after)]
    return _summed(*means, interval(after - before, person, weight, LEVEL))


def _summed(before: float, after: float, within: Floats) -> Change:
    return Change(*(round(float(v), 4) for v in (before, after, after - before, *within)))
