"""Purple pictures of cameras without an infra-red filter: known as such, cleared of the haze."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.detectors import unfiltered
from edge.runtime.detect import open_detector
from edge.runtime.networks.purple import clear, haze_of
from tests.shared import MODELS, frame_of, pictures_of

RNG = np.random.default_rng(3)
SCENE = cv2.GaussianBlur(RNG.integers(0, 256, (240, 320, 3), np.uint8), (31, 31), 9)
ROOM = np.clip((SCENE.astype(np.float32) - 127) * 3 + 90, 0, 255).astype(np.uint8)
PINK = (180, 120, 230)


def with_pink(picture, share):
    """So much of it is a pink dress or poster."""
    seen = picture.copy()
    seen[:, : round(share * seen.shape[1])] = PINK
    return seen


@pytest.mark.parametrize(
    ("picture", "purple"),
    [
        (ROOM, False),
        (unfiltered(ROOM), True),
        (unfiltered(ROOM)[..., ::-1], True),
        (with_pink(ROOM, 0.4), False),
        (np.zeros((240, 320, 3), np.uint8), False),
        (np.full((240, 320, 3), 255, np.uint8), False),
        (np.full((1, 1, 3), 7, np.uint8), False),
        (np.full((1, 1, 3), PINK, np.uint8), True),
    ],
    ids=[
        "by day",
        "purple",
        "purple RGB",
        "much pink",
        "black",
        "white",
        "a pixel",
        "a pink pixel",
    ],
)
def test_a_purple_picture_is_known(picture, purple):
    """Whatever the order of its colours, and however much of an ordinary one is pink."""
    assert (haze_of(picture) is not None) is purple


@pytest.mark.parametrize("clip", ["again.mkv", "book.mkv", "people-detection.gif", "bird.mkv"])
def test_an_ordinary_camera_is_never_taken_for_one_without_a_filter(clips, clip):
    """Not in one frame of real recordings."""
    path = clips / clip
    if not path.exists():
        pytest.skip(f"the clip is not here: {path}")
    assert all(haze_of(picture) is None for picture in pictures_of(path))


def test_without_the_haze_channels_are_equally_bright_and_shade_is_dark():
    hazy = unfiltered(ROOM)
    seen = clear(hazy, haze_of(hazy))
    means, darkest = seen.mean(axis=(0, 1)), np.quantile(seen, 0.02, axis=(0, 1))
    assert np.ptp(means) < 5
    assert np.max(darkest) <= 2
    assert np.min(np.quantile(hazy, 0.02, axis=(0, 1))) > 20


@pytest.mark.parametrize("preset", ["far", "crowd"])
def test_faces_are_nearly_as_sure_as_by_day(clips, preset):
    """The surest face of each frame."""
    detectors = [open_detector(preset, MODELS) for _ in range(2)]
    pictures = list(pictures_of(clips / "again.mkv"))[::10]
    by_day = [best(detectors[0], picture) for picture in pictures]
    purple = [best(detectors[1], unfiltered(picture)) for picture in pictures]
    assert np.mean(purple) > 0.9 * np.mean(by_day)


def best(detector, picture):
    return max((face.score for face in detector.detect(frame_of(picture))), default=0.0)


def test_the_light_is_looked_at_again_and_again():
    """Once clouds or lamps leave no infra-red, a picture is shown as it is."""
    detector, other = open_detector("far", MODELS), open_detector("far", MODELS)
    for _ in range(40):
        detector.detect(frame_of(unfiltered(ROOM)))
    for _ in range(40):
        detector.detect(frame_of(ROOM))
    assert detector.detect(frame_of(ROOM)) == other.detect(frame_of(ROOM))
