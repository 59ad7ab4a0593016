"""Estimates are decoded as the card says, one batch a network."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import ModelError
from edge.runtime.card import Output
from edge.runtime.detect import open_detector
from edge.runtime.estimate import decode, open_estimator
from tests.shared import frame_of, pictures_of

PUBLISHED = ("ssrnet_age_imdb", "ssrnet_gender_imdb")


@pytest.mark.parametrize(
    ("output", "tensor", "expected"),
    [
        (Output(attribute="age", kind="regression"), [[31.5]], [31.5]),
        (Output(attribute="age", kind="regression", factor=100, offset=1), [[0.3]], [31]),
        (Output(attribute="age", kind="expectation", values=(10, 20, 40)), [[0, 0.5, 0.5]], [30]),
        (Output(attribute="age", kind="expectation", values=(10, 30), logits=True), [[7, 7]], [20]),
        (Output(attribute="age", kind="argmax", values=(5, 28, 43)), [[0.2, 0.1, 0.7]], [43]),
        (Output(attribute="gender", kind="probability"), [[0.8]], [0.8]),
        (Output(attribute="gender", kind="probability", positive="male"), [[0.8]], [0.2]),
        (Output(attribute="gender", kind="probability"), [[1.7]], [1.0]),
        (Output(attribute="gender", kind="probability", logits=True), [[0.0]], [0.5]),
        (Output(attribute="gender", kind="softmax", positive_index=1), [[0.3, 0.7]], [0.7]),
        (Output(attribute="gender", kind="softmax", positive="male"), [[0.3, 0.7]], [0.7]),
        (Output(attribute="gender", kind="softmax", logits=True), [[900.0, 900.0]], [0.5]),
    ],
)
def test_each_kind_of_output_becomes_years_or_the_probability_of_a_woman(output, tensor, expected):
    """Regression, expectation, arg-max, probability and softmax, either polarity."""
    assert decode(np.array(tensor, np.float32), output) == pytest.approx(
        expected, rel=1e-6, abs=1e-6
    )


def test_faces_of_a_real_frame_get_an_age_and_a_gender_each(models, clips):
    """Two people in view, two estimates, in the order of the faces."""
    picture = pictures_of(clips / "bird.mkv")[30]
    detector = open_detector("far", models)
    faces = detector.detect(frame_of(picture))
    estimator = open_estimator(PUBLISHED, models, "centerface")
    both = estimator.estimate(picture, faces)
    assert len(both) == len(faces) == 2
    assert estimator.estimate(picture, faces[::-1]) == both[::-1]
    for estimate in both:
        assert 10 < estimate.age_years < 70
        assert 0 <= estimate.female <= 1


def test_one_network_alone_leaves_the_other_attribute_unknown(models, clips):
    """An age network tells no gender."""
    picture = pictures_of(clips / "book.mkv")[0]
    faces = open_detector("far", models).detect(frame_of(picture))
    estimates = open_estimator(PUBLISHED[:1], models, "centerface").estimate(picture, faces)
    assert estimates[0].age_years is not None
    assert estimates[0].female is None


def test_no_faces_cost_nothing(models):
    """An empty list is answered without touching the frame."""
    assert open_estimator(PUBLISHED, models, "").estimate(None, []) == []


def test_two_networks_for_one_attribute_are_refused(models):
    """The configuration is at fault, and is told."""
    with pytest.raises(ModelError, match="give the same attribute"):
        open_estimator(PUBLISHED[:1] * 2, models, "")
