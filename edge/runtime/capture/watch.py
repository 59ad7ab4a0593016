"""Watches that a live camera goes on giving frames; opens it again when it does not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from edge.config import seen as config
from edge.errors import SourceError, SourceLostError
from edge.runtime.capture.source import Source
from edge.runtime.frame import Frame

log = logging.getLogger("capture")

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Between attempts to open it again; the last one repeats."""


class Watched(Source):
    """A live source that survives stalls, lost connections and unplugged cables.

    What it watches raises SourceError where it gave no frame for `stall_s`. It is then closed and
    opened anew, with growing pauses, until a frame comes or `give_up_s` have passed since the last
    one: SourceLostError then, since a fresh process, or a fresh boot, is what is left to try. The
    first opening is not retried: what never worked is rather named wrongly.
    """

    live = True

    def __init__(
        self,
        open_device: Callable[[], Source],
        settings: config.Source,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """`wait` sleeps for a number of seconds; by default until `close` at most."""
        self.restarts = 0
        self._open = open_device
        self._give_up_s = settings.give_up_s
        self._clock = clock
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._failures = 0
        self._sequence = 0
        self._device: Source | None = open_device()
        self._last_s = clock()

    def read(self) -> Frame | None:
        """The next frame, however often the camera must be opened for it; None after `close`."""
        while not self._closing.is_set():
            try:
                frame = (self._device or self._reopened()).read()
            except SourceError as error:
                self._lost(error)
                continue
            if frame is not None:
                return self._given(frame)
            if not self._closing.is_set():
                self._lost(SourceError("the stream ended"))
        return None

    def close(self) -> None:
        """Give the camera back and open it no more."""
        self._closing.set()
        self._drop()

    def _given(self, frame: Frame) -> Frame:
        if self._failures:
            log.info("the camera gives frames again")
        self._failures = 0
        self._last_s = max(frame.captured_s, self._last_s + 1e-6)
        self._sequence += 1
        return replace(frame, sequence=self._sequence - 1, captured_s=self._last_s)

    def _lost(self, error: SourceError) -> None:
        """Close, then wait; give up when that has gone on for too long."""
        self._drop()
        missing_s = self._clock() - self._last_s
        if missing_s >= self._give_up_s:
            raise SourceLostError(
                f"no frame for {missing_s:.0f} s and {self._failures} attempts to open the "
                f"camera again: {error}"
            ) from error
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        log.warning("%s; opening the camera again in %g s", error, pause_s)
        self._wait(pause_s)

    def _reopened(self) -> Source:
        self.restarts += 1
        device = self._open()
        self._device = device
        if self._closing.is_set():
            self._drop()
        return device

    def _drop(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()
