"""Whether so many faces can carry a calibration: a stated minimum, and what chance leaves of it.

A shift fitted on 22 faces is noise: on one gender alone it once turned a whole head round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.labels import ADULT_BAND, BANDS
from converters.train.calibrate import (
    NO_AGE_FIT,
    NO_GENDER_FIT,
    AgeFit,
    Fit,
    Floats,
    GenderFit,
    age_gain,
    fit_age,
    fit_gender,
)

ADULTS_MIN = 150
"""Of each gender. The share recognised of 150 is known to ± 8 points (95 %)."""
AGE_FACES_MIN = 1000
AGE_BANDS_MIN = 5
IN_A_BAND_MIN = 30
DRAWS = 200
SEED = 3


class Faces(NamedTuple):
    """Of N faces: age logits N × bands and gender logits N, bands, whether a woman."""

    age: Floats
    gender: Floats
    band: NDArray[np.int64]
    female: NDArray[np.bool_]

    def drawn(self, rows: NDArray[np.int64]) -> Faces:
        """Some of them."""
        return Faces(*(part[rows] for part in self))


def carries_gender(band: NDArray[np.int64], female: NDArray[np.bool_]) -> bool:
    """Whether there are enough adults of each gender."""
    adult = band >= ADULT_BAND
    return min((adult & female).sum(), (adult & ~female).sum()) >= ADULTS_MIN


def carries_age(band: NDArray[np.int64]) -> bool:
    """Whether there are enough faces, in enough age bands."""
    there = np.bincount(band, minlength=len(BANDS)) >= IN_A_BAND_MIN
    return len(band) >= AGE_FACES_MIN and there.sum() >= AGE_BANDS_MIN


def carried_fit(faces: Faces, say: Callable[[str], None], *, finished: bool) -> Fit:
    """The fit of what the faces can carry, and none of the rest.

    finished: whether the network has a calibration already, which is kept unless another one is
    surely better. `say` is told what was done, with the intervals.
    """
    share = np.bincount(faces.band, minlength=faces.age.shape[1]) / max(1, len(faces.band))
    return Fit(_age(faces, say, finished), _gender(faces, say, finished), share)


def _gender(faces: Faces, say: Callable[[str], None], finished: bool) -> GenderFit:
    if not carries_gender(faces.band, faces.female):
        adult = faces.band >= ADULT_BAND
        counts = [int((adult & mask).sum()) for mask in (faces.female, ~faces.female)]
        say(
            f"calibration of gender: {_kept(finished)}, since {counts[0]} women and {counts[1]} "
            f"men are too few to set it by ({ADULTS_MIN} of each)"
        )
        return NO_GENDER_FIT
    fit = fit_gender(faces.gender, faces.female, faces.band)
    tried = [fit_gender(some.gender, some.female, some.band) for some in _draws(faces)]
    shifts, scales = (
        np.quantile([getattr(one, name) for one in tried], (0.025, 0.975))
        for name in ("shift", "scale")
    )
    said = (f"shift {fit.shift:+.2f} ({shifts[0]:+.2f} … {shifts[1]:+.2f}), scale {fit.scale:.2f} "
            f"({scales[0]:.2f} … {scales[1]:.2f})")  # fmt: skip
    if finished and shifts[0] <= 0 <= shifts[1] and scales[0] <= 1 <= scales[1]:
        say(f"calibration of gender: {_kept(finished)}, since no other is surely better: {said}")
        return NO_GENDER_FIT
    say(f"calibration of gender: {said}")
    return fit


def _age(faces: Faces, say: Callable[[str], None], finished: bool) -> AgeFit:
    if not carries_age(faces.band):
        say(
            f"calibration of age: {_kept(finished)}, since {len(faces.band)} faces are too few to "
            f"set it by ({AGE_FACES_MIN}, {IN_A_BAND_MIN} in each of {AGE_BANDS_MIN} bands)"
        )
        return NO_AGE_FIT
    fit = fit_age(faces.age, faces.band)
    said = f"sharpened × {fit.scale:g}, prior {fit.prior:+g}"
    if finished:
        gains = [age_gain(some.age, some.band, fit) for some in _draws(faces)]
        if np.quantile(gains, 0.025) <= 0:
            say(f"calibration of age: {_kept(finished)}, since no other is surely better: {said}")
            return NO_AGE_FIT
    say(f"calibration of age: {said}")
    return fit


def _kept(finished: bool) -> str:
    return "the start's is kept" if finished else "none"


def _draws(faces: Faces) -> list[Faces]:
    """The faces, drawn anew again and again."""
    random = np.random.default_rng(SEED)
    count = len(faces.band)
    return [faces.drawn(random.integers(0, count, count)) for _ in range(DRAWS)]
