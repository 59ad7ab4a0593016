"""What every source of frames is, and the little that all of them share."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from edge.closing import Closing
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame, Image


class Source(Closing, Protocol):
    """Frames, one after the other, from a camera or a recording.

    A live source (camera, stream) stamps frames with `time.monotonic()`; its reader may come
    late, then the frames in between are lost and the newest is given. A recording (file, folder)
    stamps them with media time, which starts at 0, and loses none. Stamps strictly increase.

    `read` may be called from one thread and `close` from another; a `read` that waits then
    returns None soon.
    """

    live: bool
    restarts: int = 0
    """How often a live camera was opened again because it gave no frames."""
    length_s: float = 0.0
    """How long a recording lasts, as far as it says; 0 where it does not, and for a camera."""

    def read(self) -> Frame | None:
        """The next frame; None after the last one or after `close`. Raises SourceError.

        The caller releases each frame. It may hold two at a time; a camera lends only a few
        buffers and stands still while all are out.
        """

    def close(self) -> None:
        """Give the device or file back; a second call does nothing."""


def shrunk(picture: Image, width_px: int) -> Image:
    """`picture` at most `width_px` wide, its proportions kept; itself if it is no wider."""
    height, width = picture.shape[:2]
    size = shrunk_size(width, height, width_px)
    if size == (width, height):
        return picture
    # Below a half, bilinear skips pixels; above it, averaging areas costs five times as much.
    how = cv2.INTER_AREA if width >= 2 * width_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def shrunk_size(width: int, height: int, width_px: int) -> tuple[int, int]:
    """Width and height of what `shrunk` gives."""
    if width <= width_px:
        return width, height
    return width_px, max(round(height * width_px / width), 1)


def framed(
    picture: Image, view: View, sequence: int, captured_s: float, small_width_px: int
) -> Frame:
    """A Frame that owns its picture, height × width × 3 BGR, and lends nothing."""
    full = view.of(picture)
    height, width = full.shape[:2]
    return Frame(
        sequence=sequence,
        captured_s=captured_s,
        small=shrunk(full, small_width_px),
        full_width=width,
        full_height=height,
        full=lambda: full,
    )
