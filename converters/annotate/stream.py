"""A video that FFmpeg reads from an address, as a recording."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from edge.errors import SourceError
from edge.runtime.capture.opencv import hush, open_capture
from edge.runtime.capture.recorded import Pictures
from edge.runtime.capture.video import DEFAULT_FPS, SHORTFALL

PATIENCE_S = 30
"""How long a server may keep us waiting."""


class Stream:
    """One video, read while it arrives; SourceError if there is none.

    `frames` is about how many it holds; None where it does not say, as a live stream.
    """

    def __init__(self, location: str, name: str, options: Mapping[str, str]) -> None:
        """`location` may hold secrets; `name` is what people are shown."""
        hush()
        self.name = name
        self._location = location
        self._options = options
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()
        self.fps = fps if 0.01 < fps < 1000 else DEFAULT_FPS
        self.period_s = 1 / self.fps
        self.frames = round(frames) if frames >= 1 else None
        self.frames_announced = self.frames or 0

    def play(self) -> Pictures:
        """Every frame with its time in seconds; SourceError if the connection broke before."""
        capture = self._open()
        count = 0
        try:
            while True:
                got, picture = capture.read()
                if not got:
                    break
                count += 1
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, np.asarray(picture, np.uint8)
        finally:
            capture.release()
        if count < SHORTFALL * (self.frames or 1):
            raise SourceError(
                f"{self.name} ended early: {count} of about {self.frames or 'unknown'} frames "
                "could be read"
            )

    def _open(self) -> cv2.VideoCapture:
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, PATIENCE_S * 1000,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, PATIENCE_S * 1000,
        ]  # fmt: skip
        capture = open_capture(self._location, self._options, limits)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"{self.name} is no video that can be read")
        return capture
