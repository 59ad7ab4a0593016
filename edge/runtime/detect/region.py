"""Looking at some of a frame's columns: which a narrower network can see, and what it may cut."""

from __future__ import annotations

import math

from edge.runtime.frame import Face, Frame, Span, Tile

STEP = 8
"""A part begins at a multiple of so many pixels of the network, whose finest cells are then the
same as in the whole picture where there is room for the choice."""

EDGE_WIDTHS = 0.25
"""A face nearer than this to where the part was cut off may be half of one."""


def columns_of(region: Span, frame: Frame, scale: float, across_px: int) -> slice | None:
    """The columns of `frame.small` in which a network `across_px` wide sees `region` at `scale`.

    None where they do not fit, or the whole picture does.
    """
    width = frame.small.shape[1]
    room = int(across_px / scale)
    small = width / frame.full_width
    left, right = max(region.left * small, 0), min(region.right * small, width)
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


def slices_of(tile: Tile, frame: Frame, width: int, height: int) -> tuple[slice, slice]:
    """The columns and rows of `frame.small`, so many of each, in a tile of the full frame."""
    down, across = frame.small.shape[:2]
    left = round(tile.left * across / frame.full_width)
    top = round(tile.top * down / frame.full_height)
    left, top = min(max(left, 0), across - width), min(max(top, 0), down - height)
    return slice(left, left + width), slice(top, top + height)


def is_cut_by(tile: Tile, face: Face, frame: Frame) -> bool:
    """Whether a tile's edge, where it is not the picture's, may have cut a part off this face."""
    box, edge = face.box, EDGE_WIDTHS * face.box.width
    across = (tile.left > 0 and box.left - edge < tile.left) or (
        tile.left + tile.width < frame.full_width - 1 and box.right + edge > tile.left + tile.width
    )
    return across or (
        (tile.top > 0 and box.top - edge < tile.top)
        or (
            tile.top + tile.height < frame.full_height - 1
            and box.bottom + edge > tile.top + tile.height
        )
    )
