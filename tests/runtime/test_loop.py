"""The loop counts everyone, loses no frame of a recording, and never falls behind a camera."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from edge.config.people import Motion, Tracking
from edge.config.people import Space as SpaceSettings
from edge.errors import SourceError
from edge.runtime.capture.feed import PATIENCE_S
from edge.runtime.census.census import Census
from edge.runtime.census.clock import LiveClock, MediaClock
from edge.runtime.frame import Box, Estimate, Face
from edge.runtime.loop import Loop, Stages
from edge.runtime.meter import Meter
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space
from tests.people.folded import anonymiser
from tests.shared import frame_of

BLANK = np.zeros((48, 64, 3), np.uint8)
WALKER = Face(Box(20, 10, 16, 20), 0.9)


class Script:
    """A source that gives a frame for each stamp, then ends or fails; it watches its loans."""

    restarts = 0

    def __init__(self, stamps, *, live=False, failure=None, pause_s=0.0):
        self.live = live
        self.lent = self.lent_max = 0
        self.closed = 0
        self._stamps = iter(stamps)
        self._failure = failure
        self._pause_s = pause_s

    def read(self):
        time.sleep(self._pause_s)
        stamp = next(self._stamps, None)
        if stamp is None:
            if self._failure:
                raise self._failure
            return None
        self.lent += 1
        self.lent_max = max(self.lent, self.lent_max)
        return replace(frame_of(BLANK, captured_s=stamp), release=self._take_back)

    def close(self):
        self.closed += 1

    def _take_back(self):
        self.lent -= 1


class Seer:
    """A detector that sees one walker in the frames it is told of, and takes its time."""

    def __init__(self, sees=lambda frame: True, took_s=0.0):
        self.calls = 0
        self.widths = set()
        self._sees = sees
        self._took_s = took_s

    def tiles(self, frame):
        return ()

    def detect(self, frame, region):
        self.calls += 1
        self.widths.add(region.right - region.left)
        time.sleep(self._took_s)
        return [WALKER] if self._sees(frame) else []


def loop_over(*sources, detector=None, window_s=3600.0, fps=1000.0, gated=True, cut_unknown=False):
    waiting = list(sources)
    windows = []
    live = sources[0].live
    people = People(
        Tracking(),
        Space(SpaceSettings()),
        Limits(),
        lambda frame, faces, doubtful: [Estimate(30.0, 0.9) for _ in faces],
        score_min=0.5,
    )
    clock = LiveClock(synced=lambda: True) if live else MediaClock(lambda: 0.0, lambda: True)
    stages = Stages(
        live=live,
        open_source=lambda: waiting.pop(0),
        detector=detector or Seer(),
        estimator=None,
        looks_per_s=fps,
        motion=Motion(enabled=gated),
        people=people,
        census=Census(window_s, clock),
        meter=Meter(),
        cut_unknown=cut_unknown,
    )
    return Loop(stages, windows.append), windows


def test_whoever_is_in_view_when_the_source_ends_is_counted():
    """The last window is closed with the visit in it, the source closed, every frame returned."""
    source = Script(np.arange(20) / 10)
    loop, windows = loop_over(source)
    loop.run(lambda: None)
    assert [window.people for window in windows] == [1]
    assert windows[0].frames_seen == loop.processed == 20
    assert (source.closed, source.lent) == (1, 0)


def test_a_failing_source_is_reported_after_the_counting():
    """The error passes through; what was counted is already out."""
    loop, windows = loop_over(Script(np.arange(20) / 10, failure=SourceError("cut short")))
    with pytest.raises(SourceError, match="cut short"):
        loop.run(lambda: None)
    assert [window.people for window in windows] == [1]


def test_stopping_in_the_middle_counts_too():
    """A signal ends the loop after the current frame, and the visit is closed."""
    loop, windows = loop_over(Script(np.arange(100) / 10))
    loop.run(lambda: loop.stop() if loop.processed == 30 else None)
    assert loop.processed == 30
    assert [window.people for window in windows] == [1]


def test_windows_are_emitted_as_they_close():
    """A minute-long visit ends up in one window; the others before it say that nobody left."""
    loop, windows = loop_over(Script(np.arange(300) / 10), window_s=10)
    loop.run(lambda: None)
    assert [window.people for window in windows] == [0, 0, 1]
    assert all(window.observed_s == pytest.approx(10, abs=0.2) for window in windows)


def test_detection_runs_no_oftener_than_asked():
    """At 30 frames a second and a limit of 10, every third frame is looked at."""
    seer = Seer()
    loop, _ = loop_over(Script(np.arange(90) / 30), detector=seer, fps=10, gated=False)
    loop.run(lambda: None)
    assert loop.processed == 90
    assert seer.calls == 30
    assert loop.gated == 0


def test_frames_that_are_not_looked_at_were_observed_all_the_same():
    """An empty minute: few looks, every frame seen, none skipped, all of the time observed."""
    seer = Seer(lambda frame: False)
    loop, windows = loop_over(Script(np.arange(601) / 10), detector=seer, window_s=60.0)
    loop.run(lambda: None)
    assert seer.calls <= 45
    assert loop.gated == loop.processed - seer.calls
    assert (windows[0].frames_seen, windows[0].frames_skipped) == (600, 0)
    assert windows[0].observed_s == pytest.approx(60.0)


def test_colours_are_developed_for_the_detector_alone():
    """Where the camera gives brightness apart, a frame that is not looked at stays as it is."""
    developed = []
    source = Script(np.arange(100) / 10)
    read = source.read

    def negative():
        frame = read()
        return frame and replace(
            frame,
            luma=lambda: BLANK[..., 0],
            develop=lambda: developed.append(frame.captured_s),
        )

    source.read = negative
    seer = Seer(lambda frame: frame.captured_s not in developed)
    loop, _ = loop_over(source, detector=seer)
    loop.run(lambda: None)
    assert len(developed) == seer.calls < 20
    assert min(seer.widths) < 640  # once somebody was met, around them alone


def test_a_slow_detector_skips_live_frames_and_returns_them():
    """The newest frame is processed, the ones before it are counted and given back."""
    stamps = (time.monotonic() for _ in range(60))
    source = Script(stamps, live=True, pause_s=0.005, failure=SourceError("unplugged"))
    loop, windows = loop_over(source, detector=Seer(took_s=0.03))
    with pytest.raises(SourceError, match="unplugged"):
        loop.run(lambda: None)
    assert loop.skipped > 10
    assert loop.processed + loop.skipped == pytest.approx(60, abs=2)
    assert source.lent == 0
    assert source.lent_max <= 3
    assert windows[-1].frames_skipped == loop.skipped


def test_live_windows_close_while_no_frame_comes():
    """A camera that stands still does not stop the clock: its windows say they saw nothing."""
    silent = threading.Event()
    source = Script([time.monotonic()], live=True)
    read = source.read
    source.read = lambda: read() or (silent.wait(30) and None)
    loop, windows = loop_over(source, detector=Seer(lambda frame: False), window_s=1)
    loop.run(lambda: (loop.stop(), silent.set()) if len(windows) == 3 else None)
    assert windows[1].observed_s < 1
    assert windows[2].observed_s == 0


def test_a_pause_closes_the_camera_and_resuming_opens_it_again():
    """Not only are frames ignored: the device is given back, and whoever was in view has left."""
    first, second = (
        Script((time.monotonic() for _ in range(10_000)), live=True, pause_s=0.01) for _ in range(2)
    )
    loop, windows = loop_over(first, second)
    steps = []

    def tick():
        if not steps and loop.processed >= 60:
            steps.append("paused")
            loop.paused = True
        elif steps == ["paused"] and first.closed:
            steps.append("resumed")
            before = loop.processed
            steps.append(before)
            loop.paused = False
        elif len(steps) == 3 and loop.processed > steps[2] + 5:
            loop.stop()

    loop.run(tick)
    assert (first.closed, second.closed) == (1, 1)
    assert (first.lent, second.lent) == (0, 0)
    assert sum(window.people for window in windows) >= 1


def run_with_pauses(loop):
    """Run it to its end with a pause of five rests after every fifty frames; after which frames."""
    rests = []

    def tick():
        if loop.paused:
            rests.append(loop.processed)
        loop.paused = loop.processed % 50 == 25 and rests.count(loop.processed) < 5

    loop.run(tick)
    return rests


def test_a_short_pause_is_not_observed_either(monkeypatch):
    """Shorter than what one frame may stand for: still no camera was open, and nobody is told."""
    monkeypatch.setattr("edge.runtime.loop.time.sleep", lambda _: None)
    loop, windows = loop_over(Script(np.arange(300) / 10), window_s=2.0)
    rests = run_with_pauses(loop)
    assert len(rests) == 6 * 5
    assert sum(window.window_s for window in windows) == pytest.approx(29.9 + 6 * 5 * PATIENCE_S)
    # A frame stands for the time until the next, and the last before a pause has none.
    assert sum(window.observed_s for window in windows) == pytest.approx(29.9 - 6 * 0.1)


@pytest.mark.parametrize("k", [1, 5])
def test_one_person_before_a_camera_that_is_paused_again_and_again_is_no_crowd(monkeypatch, k):
    """Counted k times, one person would be told of like k; of a visit cut by a pause nothing is."""
    monkeypatch.setattr("edge.runtime.loop.time.sleep", lambda _: None)
    loop, windows = loop_over(Script(np.arange(300) / 10), cut_unknown=k > 1)
    run_with_pauses(loop)
    assert [window.people for window in windows] == [7]
    counts = anonymiser(k).counts(windows[0])
    assert windows[0].untimed == (0 if k == 1 else 6)
    assert counts.dwell_s_mean == (pytest.approx(3.4) if k == 1 else None)
    assert counts.gender_unknown == 7


def test_a_pause_of_a_recording_empties_the_view_and_lets_time_go_on(monkeypatch):
    """Nobody is in view while it lasts, windows close unobserved, and every frame is still seen."""
    monkeypatch.setattr("edge.runtime.loop.time.sleep", lambda _: None)
    loop, windows = loop_over(Script(np.arange(100) / 10), window_s=2.0)
    people, present, rests = loop._stages.people, [], []

    def tick():
        loop.paused = loop.processed == 50 and len(rests) < 50
        if loop.paused and len(present) < loop.processed + 50:
            rests.append(loop.captured)
            present.append(people.present)

    loop.run(tick)
    assert present[1:] == [0] * 49
    assert loop.processed == 100
    assert [window.people for window in windows].count(1) == 2  # seen before it, and after it
    assert sum(window.window_s for window in windows) == pytest.approx(20, abs=0.5)
    assert sum(window.observed_s for window in windows) == pytest.approx(9.8)
    assert max(window.observed_s for window in windows[3:5]) == 0
