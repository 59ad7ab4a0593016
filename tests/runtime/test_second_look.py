"""What was taken for a face is looked at again, and only sharp crops are held against it."""

from __future__ import annotations

from dataclasses import astuple, replace

import cv2
import numpy as np
import pytest

from edge.runtime.detect import open_detector, open_rescorer
from edge.runtime.estimate.estimate import open_estimator
from edge.runtime.estimate.second_look import SecondLook
from edge.runtime.estimate.sharpness import sharpness
from edge.runtime.frame import Box, Face, Frame
from edge.runtime.meter import Meter
from edge.runtime.networks.card import read_card
from tests.shared import MODELS, frame_of, pictures_of

NEAR_CLIPS = [
    "book.mkv",
    "again.mkv",
    "head-pose-face-detection-female.gif",
    "head-pose-face-detection-male.gif",
]


@pytest.fixture(scope="module")
def far(models):
    return open_detector("far", models)


@pytest.fixture(scope="module")
def second(far, models):
    rules = far.card.detecting.second_look
    rescorer = open_rescorer(far.card, models)
    return SecondLook(rules, rescorer.input, rescorer.score, Meter())


def best_face(detector, picture):
    return max(detector.detect(frame_of(picture)), key=lambda face: face.score)


@pytest.mark.parametrize("clip", NEAR_CLIPS)
@pytest.mark.parametrize("times", [1.0, 0.4, 0.2])
def test_faces_stay_faces_at_any_size(far, second, clips, clip, times):
    """The look is at one size, whatever the face's own."""
    picture = pictures_of(clips / clip)[0]
    face = best_face(far, picture)
    small = cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_AREA)
    box = face.box
    smaller = Box(box.left * times, box.top * times, box.width * times, box.height * times)
    (score,) = second.scores(frame_of(small), [Face(smaller, face.score)])
    assert score is None or score >= far.card.detecting.second_look.score_min


def grating(side: int) -> np.ndarray:
    """Sharp stripes: as much detail as a face and nothing of one."""
    across = np.arange(side) // 6 % 2 * 180 + 30
    return np.repeat(np.tile(across.astype(np.uint8), (side, 1))[..., None], 3, 2)


@pytest.mark.parametrize("seed", range(4))
def test_sharp_things_without_a_face_are_none(second, far, seed):
    """Lettering, leaves, stripes: a score below what a face gets."""
    random = np.random.default_rng(seed)
    picture = cv2.resize(grating(240), (320, 320))
    picture = cv2.addWeighted(picture, 0.8, random.integers(0, 60, picture.shape, np.uint8), 1, 0)
    (score,) = second.scores(frame_of(picture), [Face(Box(80, 80, 100, 120), 0.7)])
    assert score is not None
    assert score < far.card.detecting.second_look.score_min


@pytest.mark.parametrize("clip", NEAR_CLIPS)
def test_a_face_out_of_focus_is_not_held_to_be_none(far, second, clips, clip):
    """A low score means nothing there."""
    picture = pictures_of(clips / clip)[0]
    face = best_face(far, picture)
    blurred = cv2.GaussianBlur(picture, (0, 0), face.box.width / 7)
    (score,) = second.scores(frame_of(blurred), [face])
    assert score is None or score >= far.card.detecting.second_look.score_min


def test_a_face_beside_the_one_that_is_asked_about_does_not_speak_for_it(second, far, clips):
    """The score is that of the face in the middle."""
    picture = pictures_of(clips / "book.mkv")[0]
    face = best_face(far, picture)
    beside = replace(face, box=replace(face.box, left=face.box.left + 1.1 * face.box.width))
    (score,) = second.scores(frame_of(picture), [beside])
    assert score is None or score < far.card.detecting.second_look.score_min


def test_a_face_that_the_small_frame_shows_well_is_cut_from_it(second, far, clips):
    """The full frame is not asked for; of a face that is small there it is."""
    picture = pictures_of(clips / "book.mkv")[0]
    face = best_face(far, picture)
    height, width = picture.shape[:2]

    def full():
        raise AssertionError("the full frame was asked for")

    doubled = Box(*(2 * side for side in astuple(face.box)))
    frame = Frame(0, 0.0, picture, 2 * width, 2 * height, full)
    (score,) = second.scores(frame, [Face(doubled, face.score)])
    assert score >= far.card.detecting.second_look.score_min
    with pytest.raises(AssertionError, match="full frame"):
        second.scores(frame, [Face(Box(300, 200, 30, 36), 0.6)])


def test_no_faces_cost_nothing(second):
    """An empty list is answered."""
    assert second.scores(frame_of(np.zeros((9, 9, 3), np.uint8)), []) == []


def test_each_detector_that_looks_again_names_a_network_that_is_there():
    """Otherwise the service would not start."""
    cards = [read_card(path) for path in sorted(MODELS.glob("libface_*.json"))]
    rules = [card.detecting.second_look for card in cards if card.detecting.second_look]
    assert rules
    assert all((MODELS / f"{rule.card}.json").exists() for rule in rules)


@pytest.mark.parametrize("contrast", [0.3, 1.0])
@pytest.mark.parametrize("side", [40, 300])
def test_sharpness_depends_on_blur_and_not_on_size_or_contrast(clips, side, contrast):
    """So that one threshold serves all crops."""
    picture = pictures_of(clips / "book.mkv")[0][40:280, 200:440]
    crop = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    plain = sharpness(crop)
    paler = sharpness(cv2.convertScaleAbs(crop, alpha=contrast, beta=60))
    blurred = sharpness(cv2.GaussianBlur(crop, (0, 0), side / 12))
    assert paler == pytest.approx(plain, rel=0.25)
    assert blurred < 0.6 * plain


def test_sharpness_of_a_grey_crop_is_that_of_the_same_in_three_channels():
    """A network may take one channel."""
    grey = np.random.default_rng(1).integers(0, 256, (48, 48, 1), np.uint8)
    assert sharpness(grey) == pytest.approx(sharpness(np.repeat(grey, 3, axis=2)), rel=0.01)


def test_the_age_of_a_blurred_face_is_unknown(clips, models, far):
    """Its gender is told all the same: blur reads as childhood, and hardly as a sex."""
    picture = pictures_of(clips / "again.mkv")[0]
    face = best_face(far, picture)
    estimator = open_estimator(("agender_64",), models, "grid")
    (sharp,) = estimator.estimate(picture, [face])
    blurred = cv2.GaussianBlur(picture, (0, 0), face.box.width / 8)
    (soft,) = estimator.estimate(blurred, [face])
    assert sharp.age_years is not None
    assert soft.age_years is None
    assert soft.female is not None
    (told,) = estimator.estimate(blurred, [face], sharp_only=False)
    assert told.age_years is not None  # where networks are measured
