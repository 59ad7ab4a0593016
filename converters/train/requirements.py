"""What faces a training needs at least, checked before anything is cut and before the first epoch.

With less it would run, and end in a network that says one gender or one age of everybody.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.labels import ADULT_BAND, BANDS, Label, open_data

FACES_MIN = 100
ADULTS_MIN = 20
"""Of each gender: a child's is hard to tell for anybody."""
BANDS_MIN = 3
IN_A_BAND_MIN = 5
"""Faces from which on an age band is there."""


def check_labels(data: Path, rehearsal: Path | None) -> None:
    """ConvertError where the labels show already that the faces won't do: cutting takes long."""
    labels: list[Label] = []
    for path in (data, rehearsal):
        if path is not None:
            with open_data(path) as folder:
                labels += folder.labels
    bands, women = [label.band for label in labels], [label.female for label in labels]
    what = str(data) if rehearsal is None else f"{data} with {rehearsal}"
    check(np.array(bands), np.array(women), what)


def check(band: NDArray[np.int64], female: NDArray[np.bool_], what: str) -> None:
    """ConvertError, naming every lack and what would be right, where the faces do not suffice.

    what: whose faces they are, in words.
    """
    lacks = _lacks(np.asarray(band), np.asarray(female))
    if lacks:
        raise ConvertError(f"{what} can't be learned from: {'; '.join(lacks)}")


def _lacks(band: NDArray[np.int64], female: NDArray[np.bool_]) -> list[str]:
    lacks = []
    if len(band) < FACES_MIN:
        lacks.append(f"there are {len(band)} faces, at least {FACES_MIN} are needed")
    adult = band >= ADULT_BAND
    for name, mask in (("women", female), ("men", ~female)):
        count = int((adult & mask).sum())
        if count < ADULTS_MIN:
            lacks.append(f"there are {count} {name} of 20 and older, at least {ADULTS_MIN} are "
                         "needed")  # fmt: skip
    counts = np.bincount(band, minlength=len(BANDS))
    there = [BANDS[index] for index in np.flatnonzero(counts >= IN_A_BAND_MIN)]
    if len(there) < BANDS_MIN:
        lacks.append(
            f"{', '.join(there) or 'none'} are the age bands with {IN_A_BAND_MIN} faces, at least "
            f"{BANDS_MIN} of the nine are needed"
        )
    return lacks
