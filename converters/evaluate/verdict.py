"""What a network's answers on labelled faces are worth, in words: against guessing, and against the
network that would be used otherwise.

A network that is fed the wrong colours or read the wrong way round still answers, and its figures
stand in a table like any others; a sentence says what they mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.evaluate.measures import Labelled, bands_of
from converters.intervals import interval
from converters.labels import BANDS
from edge.share import wilson

Floats = NDArray[np.float64]


class Said(NamedTuple):
    """Of N faces: years, and the probability of a woman; NaN where a network does not say it."""

    years: Floats
    women: Floats


class Other(NamedTuple):
    """Another network's answers about the same faces."""

    name: str
    said: Said


class Finding(NamedTuple):
    """A sentence, and whether it is bad news: no better than guessing."""

    text: str
    useless: bool


def findings(labelled: Labelled, said: Said, other: Other | None = None) -> list[Finding]:
    """A sentence for each attribute that the network says."""
    found = []
    if not np.isnan(said.years).all():
        found.append(_age(labelled, said.years, other))
    if not np.isnan(said.women).all():
        found.append(_gender(labelled, said.women, other))
    return found


def _gender(labelled: Labelled, women: Floats, other: Other | None) -> Finding:
    right = (women > 0.5) == labelled.female
    guess = max(labelled.female.mean(), 1 - labelled.female.mean())
    low, high = wilson(int(right.sum()), len(right))
    what = f"gender {right.mean():.3f} ({low:.3f} … {high:.3f}) on {len(right)} faces"
    if high < 1 - guess:
        return Finding(f"{what}: women and men are exchanged; is `positive` right?", True)
    if low <= guess:
        one = "male" if (women > 0.5).mean() < 0.5 else "female"
        share = np.mean((women > 0.5) == (one == "female"))
        always = f", it says {one} of {share:.0%}" if share > 0.9 else ""
        return Finding(
            f"{what}: no better than guessing ({guess:.3f}){always}; are colour order, range and "
            "`positive` right?",
            True,
        )
    beside = "" if other is None else _beside_gender(labelled, right, other)
    return Finding(f"{what}: better than guessing ({guess:.3f}){beside}", False)


def _beside_gender(labelled: Labelled, right: NDArray[np.bool_], other: Other) -> str:
    if np.isnan(other.said.women).all():
        return ""
    theirs = (other.said.women > 0.5) == labelled.female
    return _beside(other.name, f"{theirs.mean():.3f}", right.astype(float) - theirs)


def _age(labelled: Labelled, years: Floats, other: Other | None) -> Finding:
    errors = np.abs(years - labelled.years)
    middle = float(np.median(labelled.years))
    blind = np.abs(middle - labelled.years)
    low, high = interval(errors)
    exact = float((bands_of(years) == labelled.bands).mean())
    what = (
        f"age error {errors.mean():.1f} years ({low:.1f} … {high:.1f}) on {len(years)} faces, "
        f"exact band {exact:.3f} (chance {1 / len(BANDS):.3f})"
    )
    gain, _ = interval(blind - errors)
    if gain <= 0:
        return Finding(
            f"{what}: no better than saying {middle:.0f} of everybody ({blind.mean():.1f} years); "
            "are colour order, range, `values` and `factor` right?",
            True,
        )
    beside = ""
    if other is not None and not np.isnan(other.said.years).all():
        theirs = np.abs(other.said.years - labelled.years)
        beside = _beside(other.name, f"{theirs.mean():.1f} years", theirs - errors)
    return Finding(
        f"{what}: better than saying {middle:.0f} of everybody ({blind.mean():.1f} years){beside}",
        False,
    )


def _beside(name: str, theirs: str, gains: Floats) -> str:
    """'; the default, agender_64, 5.5 years: surely worse than that'."""
    low, high = interval(gains)
    state = (
        "surely better" if low > 0 else "surely worse" if high < 0 else "no difference that shows"
    )
    return f"; {name} {theirs}: {state}"
