"""Looking at some of a frame's columns: which a narrower network can see, and what it may cut."""

from __future__ import annotations

import math

from edge.runtime.frame import Face, Frame, Span

STEP = 8
"""A part begins at a multiple of so many pixels of the network, whose finest cells are then the
same as in the whole picture where there is room for the choice."""

EDGE_WIDTHS = 0.25
"""A face nearer than this to where the part was cut off may be half of one."""


def columns_of(across: Span, frame: Frame, scale: float, across_px: int) -> slice | None:
    """The columns of `frame.small` in which a network `across_px` wide sees `across` at `scale`.

    None where they do not fit, or the whole picture does.
    """
    width = frame.small.shape[1]
    room = int(across_px / scale)
    small = width / frame.full_width
    left, right = max(across.left * small, 0), min(across.right * small, width)
    first, last = max(math.ceil(right - room), 0), min(math.floor(left), width - room)
    if room >= width or first > last:
        return None
    step = STEP / scale
    start = int((left + right - room) / 2 // step * step)
    start = start if start >= first else int(start + step)
    start = min(max(start, first), last)
    return slice(start, start + room)


def is_cut(face: Face, columns: slice, frame: Frame) -> bool:
    """Whether the part's edge, where it is not the picture's, may have halved this face."""
    width = frame.small.shape[1]
    scale = frame.full_width / width
    box, edge = face.box, EDGE_WIDTHS * face.box.width
    left: bool = columns.start > 0 and box.left - edge < columns.start * scale
    right: bool = columns.stop < width and box.right + edge > columns.stop * scale
    return left or right
