"""A folder of pictures as a source."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture.folder import natural
from tests.capture.footage import index_of, picture, read_all


def write(path: Path, index: int, width: int = 64) -> None:
    assert cv2.imwrite(str(path), picture(index, width, 48))


def opened(path: Path, **settings: object):
    return open_source(config.Source(uri=str(path), **settings))


def test_pictures_come_in_natural_order_at_the_given_rate(tmp_path: Path):
    """img2 comes before img10, whatever the kind of file; times follow `fps`."""
    for name, index in (("img10.png", 3), ("img2.JPG", 2), ("img1.bmp", 1), ("a.webp", 0)):
        write(tmp_path / name, index)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_text("no picture either")
    with opened(tmp_path, fps=4) as source:
        frames = read_all(source)
    assert [index_of(frame.full()) for frame in frames] == [0, 1, 2, 3]
    assert [frame.captured_s for frame in frames] == [0, 0.25, 0.5, 0.75]


def test_an_unreadable_picture_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    """Others keep their time; the log names the file; nothing else is printed."""
    write(tmp_path / "1.png", 1)
    (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    (tmp_path / "3.png").touch()
    (tmp_path / "4.png").mkdir()
    write(tmp_path / "5.png", 5)
    with caplog.at_level(logging.WARNING), opened(tmp_path, fps=1) as source:
        frames = read_all(source)
    assert [frame.captured_s for frame in frames] == [0, 4]
    for name in ("2.png", "3.png", "4.png"):
        assert f"{tmp_path / name} cannot be read" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_pictures_is_refused(tmp_path: Path):
    """The sentence names the folder and the kinds of picture that would be right."""
    (tmp_path / "film.mp4").touch()
    with pytest.raises(SourceError, match=r"holds no picture \(.*\.jpg"):
        opened(tmp_path)


def test_a_folder_of_broken_pictures_is_an_error(tmp_path: Path):
    """If not one can be read, that is said at the end."""
    (tmp_path / "1.jpg").write_text("no")
    (tmp_path / "2.jpg").write_text("no")
    with opened(tmp_path) as source, pytest.raises(SourceError, match="none of the 2 pictures"):
        source.read()


def test_pictures_may_differ_in_size(tmp_path: Path):
    """Each frame has the size of its own picture."""
    write(tmp_path / "1.png", 1, width=64)
    write(tmp_path / "2.png", 2, width=128)
    with opened(tmp_path, small_width_px=64) as source:
        frames = read_all(source)
    assert [frame.full_width for frame in frames] == [64, 128]
    assert [frame.small.shape[1] for frame in frames] == [64, 64]


def test_grey_pictures_become_colour(tmp_path: Path):
    """One channel is spread over three."""
    assert cv2.imwrite(str(tmp_path / "1.pgm"), picture(9)[..., 0])
    with opened(tmp_path) as source:
        frame = source.read()
    assert frame is not None
    assert frame.full().shape == (240, 320, 3)


@given(names=st.lists(st.text("aB01._", min_size=1, max_size=6), unique=True))
def test_the_order_is_total(names: list[str]):
    """Any two different names have one order, so a folder always plays the same way."""
    assert len({natural(name) for name in names}) == len(names)
