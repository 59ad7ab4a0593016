"""Which source a URI names."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import kind_of, open_source
from tests.capture.footage import read_all, write_clip


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("picamera", "picamera"),
        ("picamera:1", "picamera"),
        ("usb:0", "usb"),
        ("usb", "usb"),
        ("/dev/video2", "usb"),
        ("/dev/v4l/by-id/usb-ACME-video-index0", "usb"),
        ("rtsp://user:secret@host/x", "rtsp"),
        ("rtsps://host/x", "rtsps"),
        ("gopher://host/x", "unknown"),
        ("/home/jane/a:b.mp4", "file"),
        ("file:///home/jane/x.mp4", "file"),
        ("/", "folder"),
        ("picamera:x", "file"),
    ],
)
def test_the_kind_tells_nothing_about_the_place(uri: str, kind: str):
    """What is published of a source is a word from a list: no path, no host, no password."""
    assert kind_of(uri) == kind


def test_a_file_may_be_given_as_a_uri(tmp_path: Path):
    """file:// and a plain path are the same."""
    clip = write_clip(tmp_path / "clip.avi", frames=3)
    with open_source(config.Source(uri=f"file://{clip}")) as source:
        assert len(read_all(source)) == 3


@pytest.mark.parametrize("uri", ["picamera:x", "usb:-1", "webcam"])
def test_a_word_that_names_nothing_is_answered_with_the_kinds(uri: str, tmp_path, monkeypatch):
    """The sentence lists what would be right."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"picamera, usb:0, /dev/video0, rtsp://"):
        open_source(config.Source(uri=uri))
