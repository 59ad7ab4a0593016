"""Pictures without colours: known as such, and tinted for networks that learnt from colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.runtime.detect import open_detector
from edge.runtime.networks.card import read_card
from edge.runtime.networks.grey import is_grey, tint
from tests.shared import MODELS, frame_of, pictures_of

RNG = np.random.default_rng(3)
NOISE = RNG.integers(0, 256, (240, 320, 1), np.uint8)


def without_colour(picture):
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def compressed(picture, quality):
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)


def stamped(picture):
    """With the time in yellow letters, as recorders write it."""
    return cv2.putText(picture.copy(), "2026-11-29 03:12:55", (4, 14), cv2.FONT_HERSHEY_SIMPLEX,
                       0.4, (0, 255, 255), 1)  # fmt: skip


GREY = np.repeat(NOISE, 3, axis=2)


@pytest.mark.parametrize(
    ("picture", "grey"),
    [
        (GREY, True),
        (np.zeros((240, 320, 3), np.uint8), True),
        (compressed(GREY, 30), True),
        (stamped(GREY), True),
        (RNG.integers(0, 256, (240, 320, 3), np.uint8), False),
        (np.full((240, 320, 3), (90, 100, 120), np.uint8), False),
        (np.full((1, 1, 3), 7, np.uint8), True),
    ],
    ids=["grey", "black", "compressed", "with a time stamp", "coloured", "skin", "one pixel"],
)
def test_a_picture_without_colours_is_known(picture, grey):
    """A few coloured pixels make no colour, nor does what compression adds."""
    assert is_grey(picture) is grey


@pytest.mark.parametrize("clip", ["again.mkv", "book.mkv", "people-detection.gif", "bird.mkv"])
def test_a_camera_by_day_is_never_taken_for_one_at_night(clips, clip):
    """Not in one frame of real recordings, however grey the room."""
    path = clips / clip
    if not path.exists():
        pytest.skip(f"the clip is not here: {path}")
    assert not any(is_grey(picture) for picture in pictures_of(path))


def test_the_tint_multiplies_blue_green_and_red():
    """In the network's order of colours; what would be lighter than white is white."""
    grey = np.full((2, 2, 3), 200, np.uint8)
    assert tint(grey, (0.5, 1.0, 1.5), rgb=False)[0, 0].tolist() == [100, 200, 255]
    assert tint(grey, (0.5, 1.0, 1.5), rgb=True)[0, 0].tolist() == [255, 200, 100]


@pytest.mark.parametrize("preset", ["far", "crowd"])
def test_faces_are_as_sure_in_grey_as_in_colours(clips, preset):
    """Nearly: the surest face of each frame; untinted it is less sure."""
    detector = open_detector(preset, MODELS)
    pictures = list(pictures_of(clips / "again.mkv"))[::10]
    scores = {
        "colours": [best(detector, picture) for picture in pictures],
        "grey": [best(detector, without_colour(picture)) for picture in pictures],
    }
    assert np.mean(scores["grey"]) > 0.9 * np.mean(scores["colours"])


def best(detector, picture):
    return max((face.score for face in detector.detect(frame_of(picture))), default=0.0)


def test_a_picture_in_colours_is_shown_as_it_is():
    """The tint is looked for again and again, for a camera switches at dusk and at dawn."""
    detector = open_detector("far", MODELS)
    coloured = RNG.integers(0, 256, (480, 640, 3), np.uint8)
    for _ in range(40):
        detector.detect(frame_of(GREY))
    for _ in range(40):
        detector.detect(frame_of(coloured))
    whole = open_detector("far", MODELS)
    assert detector.detect(frame_of(coloured)) == whole.detect(frame_of(coloured))


def test_cards_of_detectors_that_gain_by_it_hold_the_tint():
    """All sizes of a network alike; BlazeFace gains nothing."""
    for path in MODELS.glob("*.json"):
        card = read_card(path)
        if card.task == "detect":
            tinted = card.detecting.grey_gain is not None
            assert tinted == path.name.startswith(("libface", "centerface")), path.name
