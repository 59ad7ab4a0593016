"""Wires the rooms: source → feed → detector → people → census → windows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.config_people import Motion
from edge.runtime.capture import Source
from edge.runtime.census import Census
from edge.runtime.detect import Detector
from edge.runtime.estimate import Estimator
from edge.runtime.feed import PATIENCE_S, Ended, Feed, feed_of
from edge.runtime.frame import Frame, Window
from edge.runtime.meter import WAITING, Meter
from edge.runtime.people import People
from edge.runtime.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the loop wires, built from the configuration by its caller."""

    live: bool
    open_source: Callable[[], Source]
    detector: Detector
    estimator: Estimator
    detect_fps_max: float
    motion: Motion
    people: People
    census: Census
    meter: Meter


class Loop:
    """Runs the rooms until the source ends or it is told to stop."""

    def __init__(self, rooms: Rooms, emit: Callable[[Window], None]) -> None:
        """`emit` takes each closed window."""
        self.paused = False
        self.processed = 0
        self.captured = 0
        self.skipped = 0
        self.live = rooms.live
        self._rooms = rooms
        self._emit = emit
        self._stopping = False
        self._now_s = 0.0
        self.detect_fps_max = rooms.detect_fps_max
        self._schedule = Schedule(rooms.motion, rooms.meter)
        self._feed: Feed | None = None
        self._feed_captured = 0
        self._feed_skipped = 0
        self._earlier_restarts = 0

    @property
    def restarts(self) -> int:
        """How often the camera was opened again because it gave no frames."""
        return self._earlier_restarts + (self._feed.restarts if self._feed else 0)

    @property
    def gated(self) -> int:
        """Frames processed without looking for faces, since nothing called for it."""
        return self._schedule.gated

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
            last = self._rooms.census.close()
            with self._rooms.meter.stage("publish"):
                if last is not None:
                    self._emit(last)
                self._tick()

    def _opened(self) -> Feed:
        if self._feed is None:
            self._feed = feed_of(self._rooms.open_source())
            self._feed_captured = self._feed_skipped = 0
            self._schedule.restart()
        return self._feed

    def _close_source(self) -> None:
        """Close the camera or file; whoever is in view has left as far as we can tell."""
        feed, self._feed = self._feed, None
        if feed is not None:
            self._earlier_restarts += feed.restarts
            feed.close()
        self._rooms.census.add(self._rooms.people.close())

    def _rest(self) -> None:
        """A privacy pause: no camera is open, and windows go on, unobserved."""
        if self._rooms.live:
            self._close_source()
        with self._rooms.meter.stage(WAITING):
            time.sleep(PATIENCE_S)
        self._after(self._later())

    def _step(self, feed: Feed) -> None:
        with self._rooms.meter.stage(WAITING if feed.live else "capture"):
            frame = feed.next()
        if frame is not None:
            self._now_s = frame.captured_s
            try:
                self._process(frame)
            finally:
                frame.release()
            self._count_frames(feed)
        self._after(self._later())

    def _later(self) -> float:
        """A camera's time goes on between frames; a recording's stands still."""
        return time.monotonic() if self._rooms.live else self._now_s

    def _process(self, frame: Frame) -> None:
        rooms = self._rooms
        across = self._schedule.due(frame, rooms.people, self.detect_fps_max)
        if across is not None:
            with rooms.meter.stage("resize"):
                frame.develop()
            faces = rooms.detector.detect(frame, across)
            with rooms.meter.stage("track"):
                visits = rooms.people.observe(frame, faces)
        else:
            with rooms.meter.stage("track"):
                visits = rooms.people.coast(frame)
        with rooms.meter.stage("census"):
            rooms.census.add(visits)
            rooms.census.frame(frame.captured_s, rooms.people.present)
        rooms.meter.frames += 1
        self.processed += 1

    def _count_frames(self, feed: Feed) -> None:
        """Carry over what the feed counted since the last call; its thread goes on counting."""
        captured, skipped = feed.captured, feed.skipped
        self._rooms.census.skipped(skipped - self._feed_skipped)
        self.skipped += skipped - self._feed_skipped
        self.captured += captured - self._feed_captured
        self._feed_captured, self._feed_skipped = captured, skipped

    def _after(self, now_s: float) -> None:
        """What is due between frames: closing windows, talking to the other process."""
        meter, census = self._rooms.meter, self._rooms.census
        with meter.stage("track"):
            ended = self._rooms.people.expire(now_s)
        with meter.stage("census"):
            census.add(ended)
            closed = census.poll(now_s)
        with meter.stage("publish"):
            for window in closed:
                self._emit(window)
            self._tick()
