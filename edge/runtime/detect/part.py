"""Looking at some of a frame's columns: which a narrower network can see, and what it may miss."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.runtime.card import Input
from edge.runtime.detect.base import fit
from edge.runtime.frame import Box, Face, Frame, Span

STEP = 8
"""A part begins at a multiple of so many pixels of the network, whose finest cells are then the
same as in the whole picture."""

EDGE_WIDTHS = 0.25
"""A face nearer than this to where the part was cut off may be half of one."""


def columns_of(across: Span, frame: Frame, whole: Input, narrow: Input) -> slice | None:
    """The columns of `frame.small` in which `narrow` sees `across` as large as `whole` would.

    None where they do not fit, or the whole picture does.
    """
    height, width = frame.small.shape[:2]
    scale = fit(width, height, whole.width, whole.height).scale
    room = int(narrow.width / scale)
    small = width / frame.full_width
    left, right = max(across.left * small, 0), min(across.right * small, width)
    if room >= width or right - left > room:
        return None
    step = STEP / scale
    start = int(left // step * step)
    if start + room < right:
        return None
    middle = int((left + right - room) / 2 // step * step)
    start = middle if middle + room >= right else start
    start = min(max(start, 0), width - room)
    return slice(start, start + room)


def whole_ones(faces: Sequence[Face], columns: slice, frame: Frame) -> list[Face]:
    """The faces that no cut through the picture may have halved."""
    width = frame.small.shape[1]
    scale = frame.full_width / width
    left = columns.start * scale if columns.start > 0 else -math.inf
    right = columns.stop * scale if columns.stop < width else math.inf
    return [face for face in faces if _between(face.box, left, right)]


def _between(box: Box, left: float, right: float) -> bool:
    edge = EDGE_WIDTHS * box.width
    return box.left - edge >= left and box.right + edge <= right
