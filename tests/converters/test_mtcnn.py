"""MTCNN's weights come in pickles, which are looked at and never loaded."""

from __future__ import annotations

import importlib
import os
import pickle

import cv2
import numpy as np
import pytest

from converters.cli import main
from converters.detectors import mtcnn
from converters.errors import ConvertError
from converters.joblib_arrays import arrays
from edge.runtime.detect import open_detector
from tests.shared import frame_of

STAGES = {"pnet": mtcnn.PNET, "rnet": mtcnn.RNET, "onet": mtcnn.ONET}


class Bomb:
    """A pickle of this makes a folder when loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def weights(stage: str) -> bytes:
    """A stage's decompressed weight file from the package."""
    lz4 = pytest.importorskip("lz4.frame")
    try:
        return lz4.decompress(mtcnn.recipe(STAGES[stage]).original.read())
    except ConvertError as error:
        pytest.skip(f"the package can't be had: {error}")


def test_a_pickle_that_runs_a_program_is_refused_unrun(tmp_path):
    """Nothing in it is executed."""
    place = tmp_path / "made"
    with pytest.raises(ConvertError, match="truncated, or no joblib file"):
        arrays(pickle.dumps([Bomb(str(place))]))
    assert not place.exists()


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps(1)[:-1]])
def test_what_is_no_pickle_is_refused(content):
    """One sentence."""
    with pytest.raises(ConvertError, match="truncated, or no joblib file"):
        arrays(content)


@pytest.mark.converters
def test_a_truncated_weight_file_is_refused():
    """Within an array or between two."""
    whole = weights("pnet")
    for length in (50, 1000, len(whole) // 2, len(whole) - 40):
        with pytest.raises(ConvertError):
            arrays(whole[:length])


@pytest.mark.converters
@pytest.mark.parametrize(("stage", "count"), [("pnet", 13), ("rnet", 16), ("onet", 21)])
def test_the_arrays_are_those_of_the_stage(stage, count):
    """As many as its layers have, all numbers."""
    found = arrays(weights(stage))
    assert len(found) == count
    assert all(np.isfinite(array).all() for array in found)


@pytest.mark.converters
def test_the_cascade_finds_the_portrait_and_its_landmarks(tmp_path, demo_clip):
    """Three bundles make one detector; eyes above the nose, nose above the mouth."""
    importlib.import_module("tensorflow")
    for stage in STAGES:
        weights(stage)
        assert main(["detector", f"mtcnn-{stage}", "--out", str(tmp_path)]) == 0
    video = cv2.VideoCapture(str(demo_clip))
    detector = open_detector("mtcnn", tmp_path)
    found = []
    while not found:
        there, picture = video.read()
        assert there, "the clip ended without a face"
        found = detector.detect(frame_of(picture))
    points = found[0].keypoints
    assert points.right_eye.x < points.left_eye.x
    assert points.right_eye.y < points.nose.y < points.mouth.y
