"""A source that cannot be is told before models are loaded, which takes a Pi seconds."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from edge.config.read import load
from edge.errors import ModelError, SourceError
from edge.runtime.meter import Meter
from edge.vision import assembly


@pytest.fixture
def sources(tmp_path):
    """A folder with one of each that can be wrong."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no video")
    (tmp_path / "cut.avi").write_bytes(b"RIFF\x00\x00")
    cv2.imwrite(str(tmp_path / "one.jpg"), np.zeros((8, 8, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("missing.mp4", "there is no file or folder"),
        ("ftp://cam/1", "is of no known kind"),
        ("one.jpg", "is a picture, not a video"),
        ("notes.txt", "no video that can be read"),
        ("cut.avi", "cut.avi"),
        ("empty", "empty"),
    ],
)
def test_a_wrong_source_is_told_before_the_models_are_loaded(sources, monkeypatch, uri, sentence):
    """A slip of the hand costs no wait."""
    loaded = []
    monkeypatch.setattr(assembly, "load_models", lambda *_: loaded.append(True))
    address = uri if "://" in uri else str(sources / uri)
    with pytest.raises(SourceError, match=sentence):
        assembly.build_stages(load(None, [f"source.uri={address}"]), Meter())
    assert loaded == []


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("/dev/video97", "there is no camera /dev/video97"),
        ("usb:97", "there is no camera /dev/video97"),
        ("picamera", "needs Picamera2"),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_a_camera_that_is_not_there_is_told_before_too(monkeypatch, uri, sentence, paused):
    """While it is paused nobody asks for one."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    loaded = []

    def load_models(*_):
        loaded.append(True)
        raise ModelError("loaded")

    monkeypatch.setattr(assembly, "load_models", load_models)
    said, error = ("loaded", ModelError) if paused else (sentence, SourceError)
    with pytest.raises(error, match=said):
        assembly.build_stages(load(None, [f"source.uri={uri}"]), Meter(), closed=paused)
    assert loaded == ([True] if paused else [])


def test_a_recording_is_closed_where_the_models_are_wrong(demo_clip, monkeypatch):
    """Nothing stays open that nobody will read."""
    closed = []
    monkeypatch.setattr(assembly, "open_source", lambda *_: _Recording(closed))
    settings = load(None, [f"source.uri={demo_clip}", "detector.model=none_of_this_name"])
    with pytest.raises(Exception, match="none_of_this_name"):
        assembly.build_stages(settings, Meter())
    assert closed == [True]


class _Recording:
    """Stands for an opened file."""

    live = False

    def __init__(self, closed):
        self._closed = closed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed.append(True)
