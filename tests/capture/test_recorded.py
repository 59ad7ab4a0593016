"""What all recordings share: time that only moves forward, repeats, pace."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from edge.config import tables as config
from edge.runtime.capture.recorded import Pictures, Recorded
from tests.capture.footage import picture, read_all


class Stamped:
    """A recording of given media times."""

    period_s = 0.1
    frames_announced = 0

    def __init__(self, stamps_s: list[float]) -> None:
        self.stamps_s = stamps_s
        self.closed = False

    def play(self) -> Pictures:
        try:
            for stamp_s in self.stamps_s:
                yield stamp_s, picture(0, 8, 8)
        finally:
            self.closed = True


@given(
    stamps_s=st.lists(st.floats(-1e4, 1e4) | st.just(float("nan")), max_size=20),
    repeat=st.integers(1, 3),
)
def test_stamps_strictly_increase_whatever_the_file_says(stamps_s: list[float], repeat: int):
    """Repeated, backward and missing stamps still give a time that only moves forward."""
    frames = read_all(Recorded(Stamped(stamps_s), config.Source(repeat=repeat)))
    assert len(frames) == repeat * len(stamps_s)
    assert all(a.captured_s < b.captured_s for a, b in itertools.pairwise(frames))
    assert [frame.sequence for frame in frames] == list(range(len(frames)))


def test_a_recording_without_stamps_runs_at_its_nominal_rate():
    """Where every stamp is 0, as in a raw stream, frames are one period apart."""
    frames = read_all(Recorded(Stamped([0.0] * 4), config.Source()))
    np.testing.assert_allclose([frame.captured_s for frame in frames], [0, 0.1, 0.2, 0.3])


def test_real_time_waits_for_each_frame_and_never_for_a_late_one():
    """At its own pace a frame comes when it is due; a slow reader is not slowed further."""
    now_s, slept_s = [100.0], []

    def sleep(duration_s: float) -> None:
        slept_s.append(duration_s)
        now_s[0] += duration_s

    settings = config.Source(realtime=True)
    source = Recorded(Stamped([0.0, 0.5, 1.0, 1.5]), settings, lambda: now_s[0], sleep)
    source.read()
    source.read()
    now_s[0] += 0.9  # the reader is busy
    source.read()
    source.read()
    np.testing.assert_allclose(slept_s, [0.5, 0.1])


def test_as_fast_as_possible_never_sleeps():
    """Without `realtime` nothing waits."""

    def sleep(_: float) -> None:
        raise AssertionError("slept")

    assert len(read_all(Recorded(Stamped([0, 9, 99]), config.Source(), sleep=sleep))) == 3


def test_closing_closes_what_is_being_read():
    """A recording that is left in its middle gives its file back."""
    recording = Stamped([0.0, 1.0])
    source = Recorded(recording, config.Source())
    source.read()
    source.close()
    assert recording.closed
