"""Two streams of one camera: a small one to detect in, a large one to cut crops from."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

import cv2
import numpy as np

from edge.runtime.capture.source import Source
from edge.runtime.frame import Frame, Image

APART_MAX_S = 0.5
"""A large picture is of the same moment if it is no further away; else it shows people elsewhere.

Cameras deliver their streams with different delays; a face hardly moves by its width meanwhile.
"""

KEPT = 4
"""Large pictures to choose the nearest in time from; each is a decoder's buffer."""


class Pair(Source):
    """Frames of the small stream, whose full pictures are those of the large one.

    Nothing of the large stream is converted until a face needs it. While it is gone, the small
    pictures are enlarged: people are counted all the same. Its failures pass through `read`.
    """

    live = True

    def __init__(self, small: Source, large: Source) -> None:
        self._small, self._large = small, large
        self._kept: deque[Frame] = deque(maxlen=KEPT)
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._size: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._fill, name="large stream", daemon=True)
        self._thread.start()

    @property
    def restarts(self) -> int:  # type: ignore[override]
        """How often either stream was opened again."""
        return self._small.restarts + self._large.restarts

    def read(self) -> Frame | None:
        """The next frame of the small stream; None after `close`."""
        frame = self._small.read()
        if frame is None:
            return None
        with self._changed:
            self._changed.wait_for(lambda: self._kept or self._failure or self._closing.is_set())
            if self._closing.is_set():
                frame.release()
                return None
            if self._failure is not None:
                frame.release()
                raise self._failure
            return self._joined(frame, list(self._kept))

    def close(self) -> None:
        """End both connections."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        self._small.close()
        self._large.close()

    def _fill(self) -> None:
        """Read the large stream for as long as it goes."""
        try:
            while not self._closing.is_set():
                frame = self._large.read()
                if frame is None:
                    return
                with self._changed:
                    self._kept.append(frame)
                    self._changed.notify_all()
        except BaseException as error:  # raised again by `read`, in its own thread
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _joined(self, frame: Frame, kept: list[Frame]) -> Frame:
        """The small frame with the large picture that is nearest in time."""
        large = min(kept, key=lambda other: abs(other.captured_s - frame.captured_s))
        width, height = self._size = self._size or (large.full_width, large.full_height)
        near = abs(large.captured_s - frame.captured_s) <= APART_MAX_S

        def full() -> Image:
            picture = (large if near else frame).full()
            if picture.shape[:2] == (height, width):
                return picture
            return np.asarray(cv2.resize(picture, (width, height)), np.uint8)

        return replace(frame, full=full, full_width=width, full_height=height)
