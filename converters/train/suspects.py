"""Labels that a good network contradicts with all its might: mostly slips, to be looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from converters.errors import ConvertError
from converters.files import write_whole
from converters.intervals import interval
from converters.labels import ADULT_BAND, BAND_MIDDLES, BANDS, Label
from converters.train.held_out import Said

SURE = 0.98
"""A gender that is said so surely of an adult is wrong in about one face of a hundred."""
YEARS_APART = 35.0
EXCHANGED_FACES_MIN = 30


def refuse_exchanged(labels: Sequence[Label], said: Said, what: str) -> None:
    """ConvertError where most adults' genders are the other way round from what can be seen."""
    adult = np.array([label.band >= ADULT_BAND for label in labels])
    right = ((said.women > 0.5) == np.array([label.female for label in labels]))[adult]
    if len(right) < EXCHANGED_FACES_MIN:
        return
    _, high = interval(right.astype(float))
    if high < 0.5:
        raise ConvertError(
            f"the genders in {what} seem to be exchanged: of {len(right)} adults the network that "
            f"training begins with sees {right.mean():.0%} as they are labelled; write female for "
            "women and male for men, or, where the labels are right, give --insist"
        )


def tell(labels: Sequence[Label], said: Said, out: Path, say: Callable[[str], None]) -> None:
    """Write the labels to look at into `out`/suspects.csv, and say how many they are."""
    rows = [(label, *answer) for label, *answer in zip(labels, said.years, said.women, strict=True)
            if _contradicted(label, *answer)]  # fmt: skip
    if not rows:
        return
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", "age_band", "gender", "said_age_years", "said_gender"])
    for label, years, woman in rows:
        gender = ("male", "female")
        said_gender = gender[int(woman > 0.5)]
        table.writerow([label.image, BANDS[label.band], gender[int(label.female)],
                        f"{years:.0f}", said_gender])  # fmt: skip
    write_whole(out / "suspects.csv", text.getvalue().encode())
    say(
        f"{len(rows)} of {len(labels)} labels are contradicted by the network that training begins "
        f"with: look at {out / 'suspects.csv'}, first of all at {rows[0][0].image}"
    )


def _contradicted(label: Label, years: float, woman: float) -> bool:
    other = 1 - woman if label.female else woman
    far = abs(years - BAND_MIDDLES[label.band]) > YEARS_APART
    return far or (label.band >= ADULT_BAND and other > SURE)
