"""Fitting the heads and the threshold for `unknown`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.evaluate.measures import bands_of
from converters.labels import BAND_MIDDLES
from converters.train.calibrate import (
    VALUES,
    AgeFit,
    calibration_error,
    coverage,
    expected_years,
    fit_age,
    fit_gender,
    fitted_age,
    threshold,
)


def crowd(bias: float, scale: float, faces: int = 20_000):
    """Gender logits of adults, off by `bias` and `scale` from being calibrated."""
    random = np.random.default_rng(3)
    female = random.random(faces) < 0.5
    # Two normals at ±m with unit variance have the log-odds 2·m·x, exactly calibrated.
    true = 2 * 1.5 * (np.where(female, 1.5, -1.5) + random.normal(size=faces))
    return true * scale + bias, female, np.full(faces, 4)


@pytest.mark.parametrize(("bias", "scale"), [(0.0, 1.0), (-2.0, 1.0), (1.5, 3.0), (0.5, 0.4)])
def test_gender_is_balanced_and_calibrated_whatever_the_logits_were(bias, scale):
    """After the fit women and men are recognised equally, and confidence means what it says."""
    logit, female, band = crowd(bias, scale)
    fit = fit_gender(logit, female, band)
    chance = 1 / (1 + np.exp(-fit.scale * (logit - fit.shift)))
    said = chance > 0.5
    assert abs(said[female].mean() - (~said[~female]).mean()) < 0.01
    assert calibration_error(chance, female) < 0.015


def test_children_do_not_move_the_threshold():
    """Only adults' recalls are balanced: a child's gender is hard to tell for anybody."""
    logit, female, band = crowd(0.0, 1.0)
    children = np.full(5000, -6.0), np.ones(5000, bool), np.full(5000, 1)
    both = [np.concatenate(pair) for pair in zip((logit, female, band), children, strict=True)]
    assert fit_gender(*both).shift == pytest.approx(fit_gender(logit, female, band).shift, abs=0.05)


def test_the_error_of_calibration_is_what_was_said_less_what_was():
    """Always .9 sure and right 7 times in 10 is an error of .2."""
    chance = np.full(1000, 0.9)
    assert calibration_error(chance, np.arange(1000) % 10 < 7) == pytest.approx(0.2)
    assert calibration_error(1 - chance, np.arange(1000) % 10 >= 7) == pytest.approx(0.2)


@given(st.integers(0, 2**32 - 1))
def test_the_error_of_calibration_is_a_share(seed):
    """It is never below 0 nor above 1."""
    random = np.random.default_rng(seed)
    assert 0 <= calibration_error(random.random(50), random.random(50) < 0.5) <= 1


def test_the_age_fit_is_never_worse_than_none():
    """On the faces it was made with, fitted ages hit as many bands and err no more, together."""
    random = np.random.default_rng(1)
    band = random.choice(9, 4000, p=[0.02, 0.12, 0.11, 0.29, 0.23, 0.12, 0.07, 0.03, 0.01])
    logits = random.normal(0, 1, (4000, 9)) - 0.6 * (np.arange(9) - band[:, None]) ** 2
    share = np.bincount(band, minlength=9) / 4000

    def worth(fit: AgeFit) -> float:
        years = expected_years(fitted_age(logits, share, fit))
        gain = (bands_of(years) == band) - 0.03 * np.abs(years - np.array(BAND_MIDDLES)[band])
        return 3 * gain.mean() + np.mean([gain[band == b].mean() for b in range(9)])

    assert worth(fit_age(logits, band)) >= worth(AgeFit(1.0, 0.0))


def test_a_sure_answer_is_its_bands_value():
    """All the mass on a band gives its value, and that lies in the band."""
    years = expected_years(np.eye(9) * 50)
    assert years == pytest.approx(VALUES)
    assert bands_of(years).tolist() == list(range(9))


def test_fewer_answers_are_righter_ones():
    """On calibrated answers the curve falls in faces and rises in accuracy."""
    logit, female, _ = crowd(0.0, 1.0)
    curve = coverage(1 / (1 + np.exp(-logit)), female)
    answered, accuracy = ([row[name] for row in curve] for name in ("answered", "accuracy"))
    assert answered == sorted(answered, reverse=True)
    assert answered[0] == 1
    assert accuracy == sorted(accuracy)


@pytest.mark.parametrize(
    ("accuracy", "answered", "least"),
    [(0.90, 0.0, 0.5), (0.95, 0.0, 0.7), (0.95, 0.85, 0.6), (0.99, 0.0, 0.7), (0.91, 0.85, 0.6)],
)
def test_the_threshold_is_the_least_that_is_accurate_enough(accuracy, answered, least):
    """Where none is, or it would answer too few faces, the largest that answers enough."""
    curve = [
        {"confidence_min": 0.5, "answered": 1.0, "accuracy": 0.90},
        {"confidence_min": 0.6, "answered": 0.9, "accuracy": 0.93},
        {"confidence_min": 0.7, "answered": 0.8, "accuracy": 0.96},
    ]
    assert threshold(curve, accuracy, answered) == least
