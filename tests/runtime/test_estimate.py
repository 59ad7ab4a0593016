"""Faces of a frame get their estimates, one batch a network."""

from __future__ import annotations

import pytest

from edge.errors import ModelError
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import open_estimator
from tests.shared import frame_of, pictures_of

PUBLISHED = ("ssrnet_age_imdb", "ssrnet_gender_imdb")


def test_faces_of_a_real_frame_get_an_age_and_a_gender_each(models, clips):
    """Two people in view, two estimates, in the order of the faces."""
    picture = pictures_of(clips / "bird.mkv")[30]
    detector = open_detector("crowd", models)
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
