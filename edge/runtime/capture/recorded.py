"""Recordings, from whatever they are read: repeats, media time, pace."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from typing import Protocol, TypeAlias

import numpy as np

from edge.config import seen as config
from edge.runtime.capture.source import Source, framed
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame, Image

log = logging.getLogger("capture")

JUMP_MAX_S = 60.0
"""A longer step of a recording's stamps is damage or a cut, and takes the time of one frame.

As time it would be thousands of windows in which nothing was seen.
"""


LATE_MAX_S = 5.0
"""A recording at its own pace that is later than this was paused, and does not catch up."""


class Shot(Protocol):
    """A picture that makes a frame of itself, as far as it is asked for."""

    def frame(self, sequence: int, captured_s: float) -> Frame:
        """The frame with this number at this time."""


Pictures: TypeAlias = Generator[tuple[float, Image | Shot], None, None]
"""Media time in seconds and picture, height × width × 3 BGR or a Shot that is upright already.

Closing it closes what it reads.
"""


class Recording(Protocol):
    """A file or folder that can be played from its start any number of times."""

    period_s: float
    """Time from one frame to the next where the recording does not say it itself."""
    frames_announced: int
    """How many frames it is said to hold; 0 where nothing says it."""

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
        self.length_s = recording.frames_announced * recording.period_s * settings.repeat
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

    def _frame(self, media_s: float, picture: Image | Shot) -> Frame:
        captured_s = self._moved_on(media_s)
        if self._settings.realtime:
            self._wait_until(captured_s)
        self._sequence += 1
        if not isinstance(picture, np.ndarray):
            return picture.frame(self._sequence - 1, captured_s)
        width_px = self._settings.small_width_px
        return framed(picture, self._view, self._sequence - 1, captured_s, width_px)

    def _moved_on(self, media_s: float) -> float:
        """The stamp on this source's timeline, which moves forward and never far at once.

        Damaged and raw streams repeat a stamp, step back or give none at all (NaN).
        """
        captured_s = self._offset_s + media_s
        step_s = captured_s - self._last_s
        if abs(step_s) > JUMP_MAX_S:
            log.warning("the recording's time jumps by %.0f s, which is left out", step_s)
            self._offset_s -= step_s - self._recording.period_s
        if not 0 < step_s <= JUMP_MAX_S:
            captured_s = self._last_s + self._recording.period_s
        self._last_s = captured_s
        return captured_s

    def _wait_until(self, captured_s: float) -> None:
        if self._started_s is None:
            self._started_s = self._clock() - captured_s
        early_s = self._started_s + captured_s - self._clock()
        if early_s < -LATE_MAX_S:
            self._started_s -= early_s
        if early_s > 0:
            self._sleep(early_s)
