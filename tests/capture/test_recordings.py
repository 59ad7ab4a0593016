"""Recordings of every kind are seen as they are: codec, pixels, scan, aspect, rate, damage."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.frame import Frame
from tests.capture import recordings
from tests.capture.footage import small_of
from tests.capture.recordings import FRAMES, HEIGHT, LEVEL, SIDE, WIDTH, Recording, needs_ffmpeg

pytestmark = needs_ffmpeg
FAST = list(recordings.some())
SLOW = [row for row in recordings.every() if row not in FAST]


def seen(path: Path, **settings: object) -> list[Frame]:
    """Every frame that the file gives, whatever it says afterwards of its damage."""
    frames = []
    try:
        with open_source(config.Source(uri=str(path), **settings)) as source:
            while (frame := source.read()) is not None:
                small_of(frame)
                frames.append(frame)
    except SourceError as error:
        assert str(path) in str(error)
    return frames


def check(recording: Recording, folder: Path) -> None:
    """Number, times, levels and shapes of what is seen."""
    path = recordings.write(recording, folder)
    frames = seen(path)
    whole = recording.damage == "none"
    least = FRAMES - 1 if whole else round(0.9 * recordings.decodable(path)) - 1
    assert least <= len(frames) <= FRAMES + 1
    stamps = [frame.captured_s for frame in frames]
    assert all(a < b for a, b in itertools.pairwise(stamps))
    if whole:
        assert stamps[-1] == pytest.approx((FRAMES - 1) / Fraction(recording.rate), rel=0.06)
        for index in (2, FRAMES // 2, len(frames) - 2):
            _check_picture(frames[index], index, recording)


def _check_picture(frame: Frame, index: int, recording: Recording) -> None:
    width, height = recordings.square_of(frame.full())
    assert width / height == pytest.approx(1, abs=0.06), "squashed"
    assert width == pytest.approx(SIDE, abs=4)
    assert frame.full_width / frame.full_height == pytest.approx(WIDTH / HEIGHT, abs=0.02)
    assert frame.full().shape == (frame.full_height, frame.full_width, 3)
    assert recordings.combing(frame.full()) < 25, "two moments in one picture"
    background = float(np.median(frame.full()[20:60, 40:300]))
    late = LEVEL / 2 if recording.scan == "bff" else 0  # the upper rows are the later moment
    assert background == pytest.approx(LEVEL * index + 16 + late, abs=6)
    assert np.abs(frame.small.astype(int).mean() - frame.full().astype(int).mean()) < 2
    if frame.luma is not None:
        level = float(np.median(frame.luma()[20:60, 40:150]))
        assert level == pytest.approx(background, abs=18)  # 16–235 or 0–255


@pytest.mark.parametrize("recording", FAST, ids=str)
def test_a_recording_is_seen_as_it_is(recording: Recording, tmp_path: Path):
    """All frames, in order, at their times, with square pixels and of one moment each."""
    check(recording, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("recording", SLOW, ids=str)
def test_every_recording_is_seen_as_it_is(recording: Recording, tmp_path: Path):
    """The same for all that go together."""
    check(recording, tmp_path)
