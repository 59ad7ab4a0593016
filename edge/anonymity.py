"""Raw window → the `counts` message: folding first, then everything else from what was folded.

Only what this module returns may be stored or sent. The corrected estimates are computed from
the folded totals and the public card alone, so they cannot tell more than those do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.bands import AGE_BANDS, AGES
from edge.config_people import Privacy
from edge.fold import UNKNOWN, Folded, fold
from edge.messages import Counts, CountsHead, timestamp
from edge.noise import TABLES, laplace, noised
from edge.quantify import corrected
from edge.runtime.card import Confusion
from edge.runtime.frame import Window

MATRICES = {"gender": "gender", "age": "age_published"}
"""Attribute → its confusion on the card, in the labels that windows are counted in."""

ESTIMATED = {"gender": ("female", "male"), "age": tuple(AGE_BANDS)}
"""Attribute → the labels of its confusion matrix, and of its estimates."""

DAY_S = 86_400


def in_view(privacy: Privacy, present: int, attending: int) -> tuple[int | None, int | None]:
    """`present` and `attending` as the live state may tell them; None = not told.

    Fewer than k in view are not told, not even whether there is anybody: second by second that
    would be the very stay of each of them. Nor is it told of few that they face the camera, or
    that they do not.
    """
    if privacy.state == "exact":
        return present, attending
    if present < privacy.k > 1:
        return None, None
    few = range(1, privacy.k)
    return present, None if attending in few or present - attending in few else attending


class Anonymiser:
    """Turns windows into messages under one set of rules."""

    def __init__(
        self,
        privacy: Privacy,
        confusion: Mapping[str, Confusion],
        *,
        model: str,
        places: Sequence[str] = (),
    ) -> None:
        """`confusion` is the estimators' cards'; `places` the keys to publish.

        What the cards hold no matrix for (MATRICES) is not corrected.
        """
        self._privacy = privacy
        self._confusion = {
            attribute: _matrix(confusion[MATRICES[attribute]], labels)
            for attribute, labels in ESTIMATED.items()
            if MATRICES[attribute] in confusion
        }
        self._model = model
        self._places = tuple(places)
        self._noise = laplace(privacy.epsilon / TABLES) if privacy.epsilon else None
        self._day = 0
        self.epsilon_spent = 0.0
        """ε of the windows that ended on the present UTC day, since this process began."""

    def counts(self, window: Window, *, seq: int = 0, boot: str = "unset") -> CountsHead:
        """The message of a raw window; the outbox gives it its number."""
        folded = self._folded(window)
        return Counts(
            seq=seq,
            boot=boot,
            start=timestamp(window.start_s),
            end=timestamp(window.end_s),
            window_s=round(window.window_s, 3),
            observed_s=round(window.observed_s, 3),
            frames_seen=window.frames_seen,
            frames_skipped=window.frames_skipped,
            clock_synced=window.clock_synced,
            people=folded.people,
            suppressed=folded.suppressed,
            model=self._model,
            places=self._placed(window.places),
            **self._averages(window),
            **_totals(folded),
            **self._estimates(folded),
        )

    def _folded(self, window: Window) -> Folded:
        if self._noise is None:
            return fold(window.cells, self._privacy.k)
        day = int(window.end_s // DAY_S)
        if day != self._day:
            self._day, self.epsilon_spent = day, 0.0
        self.epsilon_spent += self._privacy.epsilon or 0.0
        return noised(window.cells, self._privacy.k, self._noise)

    def _averages(self, window: Window) -> dict[str, Any]:
        """Presence and means; null where they would tell of few, and under noise."""
        noisy = self._noise is not None
        told = not noisy and window.people >= self._privacy.k
        # As many at least contributed to presence. Mean presence of one is that one's stay.
        seen = max(window.people, window.present_max)
        present = not noisy and (seen == 0 or seen >= self._privacy.k)
        return {
            "present_max": self._few(window.present_max),
            "present_mean": round(window.present_mean, 3) if present else None,
            "dwell_s_mean": round(window.dwell_s / window.people, 2) if told else None,
            "attention_s_mean": round(window.attention_s / window.people, 2) if told else None,
        }

    def _placed(self, places: Mapping[str, int]) -> dict[str, int | None]:
        """Zones and lines; null where there were some but fewer than k, and under noise."""
        return {key: self._few(places.get(key, 0)) for key in self._places}

    def _few(self, count: int) -> int | None:
        """A number of people; None where there were some but fewer than k, and under noise."""
        return None if self._noise or 0 < count < self._privacy.k else count

    def _estimates(self, folded: Folded) -> dict[str, Any]:
        """The `est_…` keys, where the card describes the network's error and nobody is hidden."""
        found: dict[str, Any] = {}
        views = {"gender": folded.genders, "age": folded.ages}
        for attribute, matrix in self._confusion.items():
            if attribute in folded.hidden:
                continue
            labels, told = ESTIMATED[attribute], views[attribute]
            answers = [told.get(label, 0) for label in labels]
            result = corrected(answers, told.get(UNKNOWN, 0), matrix)
            prefix = "est_" if attribute == "gender" else "est_age_"
            for label, value, low, high in zip(labels, *result, strict=True):
                found[f"{prefix}{label}"] = value
                found[f"{prefix}{label}_low"] = low
                found[f"{prefix}{label}_high"] = high
        return found


def _matrix(confusion: Confusion, labels: Sequence[str]) -> list[list[int]]:
    """The card's confusion in the order of `labels`."""
    order = [confusion.labels.index(label) for label in labels]
    return [[confusion.counts[row][column] for column in order] for row in order]


def _totals(folded: Folded) -> dict[str, Any]:
    """Totals and cells under their names in the message."""
    keys: dict[str, Any] = {f"age_{age}": folded.ages.get(age, 0) for age in AGES}
    keys["gender_unknown"] = folded.genders.get(UNKNOWN, 0)
    for gender in ESTIMATED["gender"]:
        total = keys[gender] = folded.genders.get(gender, 0)
        for age in AGE_BANDS:
            cell = keys[f"{gender}_{age}"] = folded.cells.get((gender, age), 0)
            total -= cell
        keys[f"{gender}_age_unknown"] = total
    return keys
