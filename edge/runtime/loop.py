"""Wires the rooms: source → feed → detector → people → census → windows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.runtime.capture import Source
from edge.runtime.census import Census, Window
from edge.runtime.detect import Detector
from edge.runtime.feed import PATIENCE_S, Ended, Feed, feed_of
from edge.runtime.frame import Frame
from edge.runtime.meter import WAITING, Meter
from edge.runtime.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the loop wires, built from the configuration by its caller."""

    open_source: Callable[[], Source]
    detector: Detector
    people: People
    census: Census
    meter: Meter


class Loop:
    """Runs the rooms until the source ends or it is told to stop."""

    def __init__(
        self, rooms: Rooms, emit: Callable[[Window], None], tick: Callable[[], None]
    ) -> None:
        """`emit` takes each closed window; `tick` is called after every step, often."""
        self.paused = False
        self.processed = 0
        self.captured = 0
        self.skipped = 0
        self._rooms = rooms
        self._emit = emit
        self._tick = tick
        self._stopping = False
        self._now_s = 0.0
        self._feed_captured = 0
        self._feed_skipped = 0

    def stop(self) -> None:
        """End after the current frame; safe in a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Process frames; whatever is in view at the end, however it comes, is counted.

        Setting `paused` closes the camera after the current frame and clearing it opens the
        camera again. The source's errors pass through, after the counting.
        """
        try:
            while not self._stopping:
                self._rest() if self.paused else self._look()
        except Ended:
            pass
        finally:
            self._count_those_in_view()
            last = self._rooms.census.close()
            if last is not None:
                self._emit(last)
            self._tick()

    def _look(self) -> None:
        """Process one open source until it is paused, stopped, or ends by an exception."""
        feed = feed_of(self._rooms.open_source())
        self._feed_captured = self._feed_skipped = 0
        try:
            while not (self._stopping or self.paused):
                self._step(feed)
        finally:
            feed.close()
        self._count_those_in_view()

    def _rest(self) -> None:
        """A privacy pause: no camera is open; windows go on, unobserved."""
        time.sleep(PATIENCE_S)
        self._now_s += PATIENCE_S
        self._after(self._now_s)

    def _step(self, feed: Feed) -> None:
        with self._rooms.meter.stage(WAITING if feed.live else "capture"):
            frame = feed.next()
        if frame is None:
            self._after(time.monotonic())
            return
        try:
            self._process(frame)
        finally:
            frame.release()
        self._count_frames(feed)
        # A recording's time stands still between frames; a camera's does not.
        self._after(time.monotonic() if feed.live else frame.captured_s)

    def _process(self, frame: Frame) -> None:
        rooms = self._rooms
        faces = rooms.detector.detect(frame)
        with rooms.meter.stage("track"):
            rooms.census.add(rooms.people.observe(frame, faces))
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

    def _count_those_in_view(self) -> None:
        self._rooms.census.add(self._rooms.people.close())

    def _after(self, now_s: float) -> None:
        """What is due between frames: closing windows, talking to the other process."""
        self._now_s = now_s
        for window in self._rooms.census.poll(now_s):
            self._emit(window)
        self._tick()
