"""What so many faces can carry of a calibration."""

from __future__ import annotations

import numpy as np
import pytest

from converters.train.calibrate import NO_AGE_FIT, NO_GENDER_FIT
from converters.train.carry import ADULTS_MIN, AGE_FACES_MIN, Faces, carried_fit


def faces(women: int, men: int, *, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> Faces:
    """Adults of five bands whose gender logits are calibrated, but for a shift and a scale."""
    random = np.random.default_rng(seed)
    female = np.arange(women + men) < women
    band = 3 + np.arange(women + men) % 5
    true = 2 * 1.5 * (np.where(female, 1.5, -1.5) + random.normal(size=len(female)))
    age = random.normal(0, 1, (len(female), 9)) - 0.6 * (np.arange(9) - band[:, None]) ** 2
    return Faces(age, true * scale + shift, band, female)


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("women", "men"), [(0, 108), (108, 0), (11, 11), (ADULTS_MIN - 1, 500), (500, ADULTS_MIN - 1)]
)
def test_too_few_of_a_gender_carry_nothing(women, men, finished):
    """The minimum is named with what there is; a head is never turned round by one gender."""
    said: list[str] = []
    fit = carried_fit(faces(women, men, shift=-2), said.append, finished=finished)
    assert fit.gender == NO_GENDER_FIT
    assert f"{women} women and {men} men" in said[1]
    assert f"{ADULTS_MIN} of each" in said[1]
    assert ("the start's is kept" in said[1]) == finished


def test_children_alone_carry_nothing():
    """No adult, no shift; and no error."""
    some = faces(200, 200)._replace(band=np.arange(400) % 3)
    assert carried_fit(some, lambda _: None, finished=True).gender == NO_GENDER_FIT


def test_a_calibration_that_is_right_is_kept():
    """Another one lies within what chance leaves."""
    said: list[str] = []
    fit = carried_fit(faces(300, 300), said.append, finished=True)
    assert fit.gender == NO_GENDER_FIT
    assert "no other is surely better: shift" in said[1]


def test_a_calibration_that_is_surely_off_is_set_anew():
    """And the intervals are told."""
    said: list[str] = []
    fit = carried_fit(faces(300, 300, shift=-2, scale=2), said.append, finished=True)
    assert fit.gender.shift == pytest.approx(-2, abs=0.7)
    assert fit.gender.scale == pytest.approx(0.5, abs=0.12)
    assert "…" in said[1]


def test_ages_need_a_thousand_faces_in_five_bands():
    """Fewer carry no sharpening and no prior."""
    for count in (20, AGE_FACES_MIN // 2 - 1):
        fit = carried_fit(faces(count, count), lambda _: None, finished=False)
        assert fit.age == NO_AGE_FIT
    fit = carried_fit(faces(AGE_FACES_MIN, AGE_FACES_MIN), lambda _: None, finished=False)
    assert fit.age.scale >= 1
