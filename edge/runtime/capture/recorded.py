"""Recordings, from whatever they are read: repeats, media time, pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol, TypeAlias

from edge import config
from edge.runtime.capture.source import Source, framed
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame, Image

Pictures: TypeAlias = Generator[tuple[float, Image], None, None]
"""Media time in seconds and picture, height × width × 3 BGR; closing it closes what it reads."""


class Recording(Protocol):
    """A file or folder that can be played from its start any number of times."""

    period_s: float
    """Time from one frame to the next where the recording does not say it itself."""

    def play(self) -> Pictures:
        """Every picture once. SourceError after the last if the recording ended early."""


class Recorded(Source):
    """Plays a recording `repeat` times, as fast as it is read or at its own pace."""

    live = False

    def __init__(
        self,
        recording: Recording,
        settings: config.Source,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._recording = recording
        self._settings = settings
        self._view = View(settings)
        self._clock = clock
        self._sleep = sleep
        self._plays_left = settings.repeat
        self._pictures: Pictures | None = None
        self._sequence = 0
        self._offset_s = 0.0
        self._last_s = -recording.period_s
        self._started_s: float | None = None

    def read(self) -> Frame | None:
        """The next frame of this play, or the first of the next one."""
        while self._plays_left:
            if self._pictures is None:
                self._pictures = self._recording.play()
                self._offset_s = self._last_s + self._recording.period_s
            item = next(self._pictures, None)
            if item is not None:
                return self._frame(*item)
            self._pictures = None
            self._plays_left -= 1
        return None

    def close(self) -> None:
        """Play nothing more and close the file."""
        self._plays_left = 0
        if self._pictures is not None:
            self._pictures.close()

    def _frame(self, media_s: float, picture: Image) -> Frame:
        captured_s = self._offset_s + media_s
        # Damaged and raw streams repeat a stamp, step back or give none at all (NaN).
        if not captured_s > self._last_s:
            captured_s = self._last_s + self._recording.period_s
        self._last_s = captured_s
        if self._settings.realtime:
            self._wait_until(captured_s)
        frame = framed(
            picture, self._view, self._sequence, captured_s, self._settings.small_width_px
        )
        self._sequence += 1
        return frame

    def _wait_until(self, captured_s: float) -> None:
        if self._started_s is None:
            self._started_s = self._clock() - captured_s
        early_s = self._started_s + captured_s - self._clock()
        if early_s > 0:
            self._sleep(early_s)
