"""Hands frames from a source to the loop: the newest of a live one, every one of a recording."""

from __future__ import annotations

import threading
from typing import Protocol

from edge.runtime.capture import Source
from edge.runtime.frame import Frame

PATIENCE_S = 0.2
"""How long a wait for a live frame lasts before the loop may look at windows and commands."""

CLOSE_S = 5.0
"""How long a camera may take to close before it is left to the end of the process."""


class Ended(Exception):
    """The source has no more frames."""


class Feed(Protocol):
    """What the loop asks of a source."""

    live: bool
    captured: int
    skipped: int

    @property
    def restarts(self) -> int:
        """How often the camera was opened again because it gave no frames."""

    @property
    def length_s(self) -> float:
        """How long a recording lasts, as far as it says; 0 where nothing tells."""

    def next(self) -> Frame | None:
        """The next frame; None where there is none yet. Raises Ended, or the source's error."""

    def close(self) -> None:
        """Close the source and give back what it lent."""


class RecordedFeed:
    """Every frame of a file or folder, read when asked for."""

    live = False

    def __init__(self, source: Source) -> None:
        self._source = source
        self.captured = 0
        self.skipped = 0

    @property
    def restarts(self) -> int:
        """None: a recording does not stall."""
        return 0

    @property
    def length_s(self) -> float:
        """How long it lasts, as far as it says."""
        return self._source.length_s

    def next(self) -> Frame:
        """The next frame; raises Ended after the last."""
        frame = self._source.read()
        if frame is None:
            raise Ended
        self.captured += 1
        return frame

    def close(self) -> None:
        """Close the file."""
        self._source.close()


class LiveFeed:
    """The newest frame of a camera or stream, read by a thread of its own.

    A slow network so skips frames instead of falling behind; skipped ones are counted and given
    back to the camera at once.
    """

    live = True

    def __init__(self, source: Source) -> None:
        self.captured = 0
        self.skipped = 0
        self._source = source
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._failure: BaseException | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._fill, name="capture", daemon=True)
        self._thread.start()

    @property
    def restarts(self) -> int:
        """How often the camera was opened again because it gave no frames."""
        return self._source.restarts

    @property
    def length_s(self) -> float:
        """Nothing tells."""
        return 0.0

    def next(self) -> Frame | None:
        """The newest frame not yet seen; None if none comes within PATIENCE_S."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._newest is not None or self._failure is not None, PATIENCE_S
            )
            frame, self._newest = self._newest, None
            if frame is None and self._failure is not None:
                raise self._failure
            return frame

    def close(self) -> None:
        """Stop the thread, close the camera, release the frame nobody took."""
        self._closing = True
        self._thread.join(timeout=PATIENCE_S)
        # A driver that hangs must not keep the last window from being stored.
        closer = threading.Thread(target=self._source.close, name="close", daemon=True)
        closer.start()
        closer.join(timeout=CLOSE_S)
        self._thread.join(timeout=PATIENCE_S)
        self._put(None)

    def _fill(self) -> None:
        try:
            while not self._closing:
                frame = self._source.read()
                if frame is None:
                    raise Ended
                self.captured += 1
                self._put(frame)
        except BaseException as error:  # raised again in the loop's thread, by next()
            with self._changed:
                self._failure = error
                self._changed.notify()

    def _put(self, frame: Frame | None) -> None:
        with self._changed:
            replaced, self._newest = self._newest, frame
            self._changed.notify()
        if replaced is not None:
            self.skipped += 1
            replaced.release()


def feed_of(source: Source) -> Feed:
    """The feed that suits the source."""
    return LiveFeed(source) if source.live else RecordedFeed(source)
