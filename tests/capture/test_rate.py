"""At `source.fps` a stream gives so many pictures a second and decodes no more than it must."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.runtime.capture.decoder import Decoder
from edge.runtime.capture.rate import PERIODS, ArrivalRate, Rate
from tests.capture.recordings import Recording, needs_ffmpeg, write

CLOCK = 90_000
"""Ticks a second of RTP's stamps."""


def picked(stamps_s: list[float], fps: float) -> list[float]:
    """Of packets stamped so, those that are wanted once the camera's own rate is known."""
    rate = Rate(fps, Fraction(1, CLOCK))
    packets = [SimpleNamespace(pts=round(at * CLOCK), dts=round(at * CLOCK)) for at in stamps_s]
    return [at for at, packet in zip(stamps_s, packets, strict=True) if rate(packet)][PERIODS:]


@given(
    camera_fps=st.sampled_from([12, 12.5, 15, 20, 25, 29.97, 30, 50, 60]),
    wanted_fps=st.sampled_from([1, 2, 5, 7, 10, 15, 30]),
    jitter=st.lists(st.floats(-0.2, 0.2), min_size=50, max_size=50),
)
def test_pictures_are_picked_evenly(camera_fps: float, wanted_fps: float, jitter: list[float]):
    """As many as asked for or as there are, evenly, however unevenly the network stamps them."""
    stamps = [(i + jitter[i % 50]) / camera_fps + 1000 for i in range(round(30 * camera_fps))]
    given_s = picked(stamps, wanted_fps)
    seconds = 30 - PERIODS / camera_fps
    assert len(given_s) / seconds == pytest.approx(min(wanted_fps, camera_fps), rel=0.12, abs=0.4)
    steps = [b - a for a, b in itertools.pairwise(given_s)]
    assert max(steps, default=0) <= 1 / min(wanted_fps, camera_fps) + 2.5 / camera_fps


def test_what_arrives_without_times_is_picked_by_the_clock():
    """JPEGs that a camera sends one after the other have no stamps."""
    now_s = [0.0]
    rate = ArrivalRate(10, lambda: now_s[0])
    given_s = []
    for index in range(250):
        now_s[0] = index / 25
        if rate():
            given_s.append(now_s[0])
    assert len(given_s) == pytest.approx(100, abs=2)


@needs_ffmpeg
@pytest.mark.parametrize("codec", ["mjpeg", "h264", "h265", "h264-ts"])
def test_what_is_not_wanted_is_not_given(tmp_path: Path, codec: str):
    """Of 25 a second at most 10 are made pictures; a JPEG that is not wanted is not even read."""
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write(Recording(codec, pixels, keyframe_every=1000), tmp_path)
    with Decoder(f"file:{path}") as opened:
        decoded = []
        decode = opened._decoded
        opened._decoded = lambda packet, skip: decoded.append(skip) or decode(packet, skip)
        wanted = Rate(10, opened.time_base)
        given_s = [float(p.pts * opened.time_base) for p in opened.pictures(wanted) if p]
    assert given_s == sorted(given_s)
    # The first ones are all given, until the camera's own rate is known.
    assert len(given_s) == pytest.approx(PERIODS + (40 - PERIODS) * 10 / 25, abs=4)
    if codec == "mjpeg":
        assert len(decoded) == pytest.approx(len(given_s), abs=1)
    else:
        assert decoded.count("NONREF") == pytest.approx(40 - len(given_s), abs=3)
