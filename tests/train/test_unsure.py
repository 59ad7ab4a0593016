"""When an age is not to be believed: by risk and coverage, on plain faces and on worn ones."""

from __future__ import annotations

import numpy as np
import pytest

from converters.train.calibrate import age_calibration_error, fit_face
from converters.train.faceness import Judged, face_min, figures
from converters.train.others import Others
from converters.train.unsure import (
    CHILDREN_MAX,
    Ages,
    deviation_max_years,
    risk_and_coverage,
)

ADULT, CHILD = 4, 1


def ages(years: list[float], deviation: list[float]) -> Ages:
    return Ages(np.array(years), np.array(deviation))


def test_a_curve_says_who_is_answered_and_how_well():
    """Three adults, one told as a child; the widest distribution is left out first."""
    plain = ages([34.5, 30.5, 34.5], [6.0, 6.0, 6.0])
    worn = ages([34.5, 12.0, 34.5], [6.0, 14.0, 6.0])
    rows = {row["deviation_max_years"]: row for row in
            risk_and_coverage(plain, worn, np.full(3, ADULT))}  # fmt: skip
    assert rows[14.0]["out_of_focus_adults_under_18"] == pytest.approx(1 / 3)
    assert rows[13.5]["out_of_focus_answered"] == pytest.approx(2 / 3)
    assert rows[13.5]["out_of_focus_adults_under_18"] == 0.0
    assert rows[13.5]["plain_error_years"] == pytest.approx(4 / 3)
    assert rows[5.5]["plain_answered"] == 0.0
    assert rows[5.5]["plain_error_years"] is None


def crowd(worn_children: float) -> tuple[Ages, Ages, np.ndarray]:
    """200 adults; of the worn ones a share is told as children, with wide distributions."""
    wrong = np.arange(200) < 200 * worn_children
    plain = Ages(np.full(200, 34.5), np.linspace(4, 9, 200))
    worn = Ages(np.where(wrong, 10.0, 34.5), np.where(wrong, 15.0, 8.0))
    return plain, worn, np.full(200, ADULT)


def test_the_widest_that_keeps_the_risk_is_taken():
    """Below the first wrong child, and not narrower than needed."""
    rows = risk_and_coverage(*crowd(0.5))
    assert deviation_max_years(rows) == 14.5


def test_where_nothing_is_wrong_there_is_no_rule():
    """Every age is believed."""
    assert deviation_max_years(risk_and_coverage(*crowd(CHILDREN_MAX / 2))) is None


def test_a_rule_that_helps_nobody_is_none():
    """Wrong children whose distributions are narrower than plain faces' are not found by it."""
    plain, worn, band = crowd(0.5)
    narrow = Ages(worn.years, np.full(200, 5.0))
    assert deviation_max_years(risk_and_coverage(plain, narrow, band)) is None


def test_bands_said_as_often_as_they_are_right_have_no_error():
    """And a network that is always sure errs by as much as it is wrong."""
    sure = np.zeros((100, 9))
    sure[:, ADULT] = 1.0
    half = np.where(np.arange(100) < 50, ADULT, CHILD)
    assert age_calibration_error(sure, np.full(100, ADULT)) == 0
    assert age_calibration_error(sure, half) == pytest.approx(0.5)


def test_a_calibrated_face_is_as_likely_as_it_is_said():
    """Logits that are twice as sure as they are right, and shifted, are brought back."""
    random = np.random.default_rng(2)
    logit = random.normal(0, 2, 40_000)
    face = random.random(40_000) < 1 / (1 + np.exp(-logit))
    fit = fit_face(2 * logit[face] + 3, 2 * logit[~face] + 3)
    assert fit.scale == pytest.approx(0.5, rel=0.12)
    assert fit.shift == pytest.approx(3, abs=0.35)


def judged() -> Judged:
    face = np.arange(200) % 2 == 0
    width = np.where(np.arange(200) < 100, 20.0, 50.0)
    source = np.where(np.arange(200) < 100, "dogs", "hands")
    others = Others(np.zeros((200, 2, 2, 3), np.uint8), face, source, width, np.zeros(200, bool))
    chance = np.where(face, 0.9, np.where(width < 24, 0.1, 0.6))
    return Judged(others, chance, {"held out": np.linspace(0.5, 1, 101)})


def test_the_threshold_keeps_nearly_every_face_of_every_kind():
    """Of the kind that reaches least."""
    assert face_min(judged()) == pytest.approx(0.505)


def test_the_card_says_what_is_kept_and_dropped_by_size_and_source():
    """With how many crops that was tried on."""
    found = figures(judged(), 0.505)
    assert found["kept"]["held out"] == pytest.approx(0.99, abs=0.01)
    assert found["kept"]["13–24 px"] == {"crops": 50, "share": 1.0}
    assert found["dropped"]["dogs"] == {"crops": 50, "share": 1.0}
    assert found["dropped"]["hands"] == {"crops": 50, "share": 0.0}
    assert found["dropped"]["all"]["share"] == 0.5
    assert found["dropped_at_99_percent_kept"] == 1.0
