"""Wires the stages: source → feed → detector → people → census → windows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.config.people import Motion
from edge.runtime.capture import Source
from edge.runtime.capture.feed import PATIENCE_S, Ended, Feed, feed_of
from edge.runtime.capture.view_health import ViewWatch
from edge.runtime.census.census import Census
from edge.runtime.detect import Detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import ALL_WELL, Frame, ViewHealth, Window
from edge.runtime.meter import WAITING, Meter
from edge.runtime.people.people import People
from edge.runtime.schedule.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What the loop wires, built from the configuration by its caller."""

    live: bool
    open_source: Callable[[], Source]
    detector: Detector
    estimator: Estimator
    looks_per_s: float
    motion: Motion
    people: People
    census: Census
    meter: Meter
    view: Callable[[], ViewWatch] | None = None
    """Makes the watch of each camera's view; None: not watched."""
    cut_unknown: bool = False
    """Whether of a visit that a pause cuts nothing is kept but that it was: who may ask for pauses
    could else have one person counted, and told of, as a crowd."""


class Loop:
    """Runs the stages until the source ends or it is told to stop."""

    def __init__(self, stages: Stages, emit: Callable[[Window], None]) -> None:
        """`emit` takes each closed window."""
        self.paused = False
        self.processed = 0
        self.captured = 0
        self.skipped = 0
        self.live = stages.live
        self._stages = stages
        self._emit = emit
        self._stopping = False
        self._now_s = 0.0
        self._rested_s = 0.0
        self.looks_per_s = stages.looks_per_s
        self.watcher: Callable[[Frame], None] | None = None
        """Called with each frame once it is processed; for as long as somebody aims the camera."""
        self._schedule = Schedule(stages.motion, stages.meter)
        self._view = stages.view() if stages.view else None
        self._feed: Feed | None = None
        self._feed_captured = 0
        self._feed_skipped = 0
        self._earlier_restarts = 0

    @property
    def restarts(self) -> int:
        """How often the camera was opened again because it gave no frames."""
        return self._earlier_restarts + (self._feed.restarts if self._feed else 0)

    @property
    def played(self) -> tuple[float, float]:
        """Seconds of a recording that were looked at, and its length; 0 where nothing tells."""
        at_s = max(self._now_s - self._rested_s, 0.0)
        return at_s, self._feed.length_s if self._feed else 0.0

    @property
    def gated(self) -> int:
        """Frames processed without looking for faces, since nothing called for it."""
        return self._schedule.gated

    @property
    def view(self) -> ViewHealth:
        """What is wrong with what the camera sees."""
        return self._view.health if self._view else ALL_WELL

    def stop(self) -> None:
        """End after the current frame; safe in a signal handler."""
        self._stopping = True

    def run(self, tick: Callable[[], None]) -> None:
        """Process frames; whatever is in view at the end, however it comes, is counted.

        `tick` is called after every step, several times a second with or without frames. Setting
        `paused` closes the camera after the current frame, and clearing it opens the camera
        again. The source's errors pass through, after the counting.
        """
        self._tick = tick
        try:
            while not self._stopping:
                self._rest() if self.paused else self._step(self._opened())
        except Ended:
            pass
        finally:
            self._close_source()
            last = self._stages.census.close()
            with self._stages.meter.stage("publish"):
                if last is not None:
                    self._emit(last)
                self._tick()

    def _opened(self) -> Feed:
        if self._feed is None:
            self._feed = feed_of(self._stages.open_source())
            self._feed_captured = self._feed_skipped = 0
            self._schedule.restart()
        return self._feed

    def _close_source(self, *, cut: bool = False) -> None:
        """Close the camera or file; `cut`: for a pause."""
        feed, self._feed = self._feed, None
        if feed is not None:
            self._earlier_restarts += feed.restarts
            feed.close()
        self._clear_view(cut=cut)

    def _clear_view(self, *, cut: bool) -> None:
        """Nobody is looked at any more: whoever is in view has left as far as we can tell."""
        unknown = cut and self._stages.cut_unknown
        self._stages.census.add(self._stages.people.close(), unknown=unknown)

    def _rest(self) -> None:
        """A privacy pause: no camera is open, and windows go on, unobserved.

        A recording stays where it is, and goes on later by as much.
        """
        self._stages.census.unseen(self._later())
        self._close_source(cut=True) if self._stages.live else self._clear_view(cut=True)
        with self._stages.meter.stage(WAITING):
            time.sleep(PATIENCE_S)
        if not self._stages.live:
            self._rested_s += PATIENCE_S
            self._now_s += PATIENCE_S
        self._after(self._later())

    def _step(self, feed: Feed) -> None:
        with self._stages.meter.stage(WAITING if feed.live else "capture"):
            frame = feed.next()
        if frame is not None:
            if self._rested_s:
                frame = replace(frame, captured_s=frame.captured_s + self._rested_s)
            self._now_s = frame.captured_s
            try:
                self._process(frame)
            finally:
                frame.release()
            self._count_frames(feed)
        self._after(self._later())

    def _later(self) -> float:
        """A camera's time goes on between frames; a recording's stands still."""
        return time.monotonic() if self._stages.live else self._now_s

    def _process(self, frame: Frame) -> None:
        stages = self._stages
        if self._view is not None:
            with stages.meter.stage("gate"):
                self._view.frame(frame)
        tiles = stages.detector.tiles(frame)
        region = self._schedule.due(frame, stages.people, self.looks_per_s, tiles)
        if region is not None:
            with stages.meter.stage("resize"):
                frame.develop()
            faces = stages.detector.detect(frame, region)
            if self._view is not None:
                self._view.faces(frame, faces)
            with stages.meter.stage("track"):
                visits = stages.people.observe(frame, faces, region)
        else:
            with stages.meter.stage("track"):
                visits = stages.people.coast(frame)
        with stages.meter.stage("census"):
            stages.census.add(visits)
            blind = self._view is not None and self._view.blind
            stages.census.frame(frame.captured_s, stages.people.present, self.view, blind=blind)
        if self.watcher is not None:
            self.watcher(frame)
        stages.meter.frames += 1
        self.processed += 1

    def _count_frames(self, feed: Feed) -> None:
        """Carry over what the feed counted since the last call; its thread goes on counting."""
        captured, skipped = feed.captured, feed.skipped
        self._stages.census.skipped(skipped - self._feed_skipped)
        self.skipped += skipped - self._feed_skipped
        self.captured += captured - self._feed_captured
        self._feed_captured, self._feed_skipped = captured, skipped

    def _after(self, now_s: float) -> None:
        """What is due between frames: closing windows, talking to the other process."""
        meter, census = self._stages.meter, self._stages.census
        with meter.stage("track"):
            ended = self._stages.people.expire(now_s)
        with meter.stage("census"):
            census.add(ended)
            closed = census.poll(now_s)
        with meter.stage("publish"):
            for window in closed:
                self._emit(window)
            self._tick()
