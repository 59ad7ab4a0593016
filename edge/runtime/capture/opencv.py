"""OpenCV made fit for a service: silent on stderr, one thread, patient but not endless."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from edge.config import seen as config
from edge.errors import SourceError
from edge.runtime.capture.rate import ArrivalRate
from edge.runtime.capture.source import Source, framed
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame

_RETRY_S = 0.02
"""Between two readings of a device that gave nothing."""


def hush() -> None:
    """Keep the decoders' chatter off stderr, unless the user asked for it in the environment.

    Our own sentences say what counts. FFmpeg's level is read when it is first used. And keep to
    this thread: on pictures as small as ours, waking a core costs more than it gains.
    """
    cv2.setNumThreads(1)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # The wheels have it in cv2.utils.logging, Debian's package in cv2 itself.
        logging = getattr(cv2.utils, "logging", cv2)
        logging.setLogLevel(0)


class CaptureSource(Source):
    """An opened cv2.VideoCapture that gives frames by itself: a USB camera."""

    live = True

    def __init__(
        self,
        name: str,
        capture: cv2.VideoCapture,
        settings: config.Source,
        clock: Callable[[], float] = time.monotonic,
        restore: Callable[[], None] = lambda: None,
    ) -> None:
        """`restore` puts the device's settings back as they were, when it is closed."""
        self._name = name
        self._capture = capture
        self._settings = settings
        self._view = View(settings)
        self._clock = clock
        self._wanted = ArrivalRate(settings.fps, clock)
        self._restore = restore
        self._sequence = 0
        self._released = False
        self._closing = threading.Event()
        # OpenCV's readers are not safe to release while another thread reads.
        self._busy = threading.Lock()

    def read(self) -> Frame | None:
        """The next frame; SourceError if none comes within `stall_s`."""
        since_s = self._clock()
        while True:
            with self._busy:
                if self._closing.is_set():
                    return None
                got, picture = self._taken()
            now_s = self._clock()
            if picture is not None:
                break
            if got:
                continue
            # A damaged JPEG from a USB camera is no reason to close it.
            if now_s - since_s >= self._settings.stall_s:
                raise SourceError(f"{self._name} gave no frame for {now_s - since_s:.0f} s")
            self._closing.wait(_RETRY_S)
        self._sequence += 1
        return framed(
            np.asarray(picture, np.uint8),
            self._view,
            self._sequence - 1,
            now_s,
            self._settings.small_width_px,
        )

    def _taken(self) -> tuple[bool, Any]:
        """Whether the device gave something, and the picture where one is wanted.

        What is not wanted is not decoded.
        """
        if not self._capture.grab():
            return False, None
        return self._capture.retrieve() if self._wanted() else (True, None)

    def close(self) -> None:
        """Give the device back; one whose driver hangs is left to the end of the process."""
        self._closing.set()
        if self._busy.acquire(timeout=2 * self._settings.stall_s):
            if not self._released:
                self._released = True
                self._restore()
                self._capture.release()
            self._busy.release()
