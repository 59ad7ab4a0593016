"""The cells of a coarse picture that a person with a known face covers."""

from __future__ import annotations

from edge.runtime.frame import Box

BODY_WIDTHS = 2.0
"""A person's cells reach this many face widths to either side of the face's middle."""


def body_cells(box: Box, columns_per_px: float, rows_per_px: float) -> tuple[slice, slice]:
    """Rows and columns of head, shoulders and all below; the box is in the frame's pixels."""
    middle, reach = box.left + box.width / 2, BODY_WIDTHS * box.width
    left = max(int((middle - reach) * columns_per_px), 0)
    right = max(int((middle + reach) * columns_per_px) + 1, 0)
    top = max(int((box.top - box.height / 2) * rows_per_px), 0)
    return slice(top, None), slice(left, right)
