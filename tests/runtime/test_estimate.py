"""Faces of a frame get their estimates, one batch a network."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from edge.errors import ModelError
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import Estimator, open_estimator
from edge.runtime.frame import Box, Face
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Estimator as Spec
from edge.runtime.networks.card import read_card
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


class Saying:
    """A network that says what it is told to of any crops; its card is the default's, with keys
    of its estimator changed.
    """

    def __init__(self, folder: Any, says: list[list[list[float]]], **changed: Any) -> None:
        card = read_card(folder / "agender_64.json")
        bands = [{"attribute": "age", "kind": "expectation", "values": [10, 30, 50]}]
        told = [
            {"attribute": "gender", "kind": "probability", "tensor": 1},
            {"attribute": "face", "kind": "probability", "tensor": 2},
        ]
        spec = {"crop": {"margin": 0.1}, "outputs": bands + told, **changed}
        self.card = msgspec.structs.replace(card, estimator=msgspec.convert(spec, Spec))
        self._outputs = [np.array(rows, np.float32) for rows in says]

    def run(self, _crops: Any) -> list[Any]:
        return self._outputs


def estimates(models: Any, **changed: Any) -> list[Any]:
    """Of two faces: one that is surely 30, one that may be 10 or 50 and hardly is a face."""
    says = [[[0, 1, 0], [0.5, 0, 0.5]], [[0.9], [0.2]], [[0.95], [0.1]]]
    estimator = Estimator([Saying(models, says, **changed)], "", Meter())
    picture = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    return estimator.estimate(
        picture, [Face(Box(10, 10, 40, 40), 0.9), Face(Box(90, 20, 40, 40), 0.9)]
    )


def test_a_network_says_whether_a_crop_is_a_face(models):
    """Beside age and gender, as a probability."""
    assert [round(found.face_chance, 6) for found in estimates(models)] == [0.95, 0.1]
    assert [found.age_years for found in estimates(models)] == [30, 30]


def test_an_age_that_may_be_any_is_not_told(models):
    """Its gender is: that is another question."""
    first, second = estimates(models, age_deviation_max_years=15.0)
    assert first.age_years == 30
    assert second.age_years is None
    assert second.female == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outputs": [{"attribute": "gender", "kind": "probability"}],
          "age_deviation_max_years": 9.0}, "of kind expectation"),
        ({"outputs": [{"attribute": "age", "kind": "regression"}],
          "age_deviation_max_years": 9.0}, "of kind expectation"),
        ({"outputs": [{"attribute": "age", "kind": "regression"}], "face_min": 0.5},
         "needs an output for face"),
    ],
)  # fmt: skip
def test_a_rule_needs_the_answer_that_it_is_about(models, changed, told):
    """Else it would be believed to guard what it can't see."""
    with pytest.raises(msgspec.ValidationError, match=told):
        Saying(models, [], **changed)
