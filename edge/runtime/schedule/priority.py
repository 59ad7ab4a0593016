"""Which tile of the frame is looked at next with every pixel: a map of what is to be gained.

A shrunken picture of the whole frame shows near faces; far ones are a few pixels there. A tile of
the network's size, cut from the small frame unshrunken, shows them, at the cost of one look. Where
it goes is decided by a priority map: coarse cells of the frame, each with the time since it was
last looked at closely, weighted by what moves or is expected there. The tile with the greatest sum
is next, and its cells start anew: a saliency map with inhibition of return (Itti, Koch, Niebur, *A
model of saliency-based visual attention for rapid scene analysis*, 1998) over tiles (as in
slicing-aided inference: Akyon, Altinuc, Temizel, 2022), one of them a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Box, Frame, Region, Tile, seen_shrunk
from edge.runtime.schedule.body import body_cells

Cells = NDArray[np.float32]

COLUMNS = 16
"""Cells a row of the map: 40 pixels each where the small frame is 640 wide."""

AGE_MAX_S = 0.5
"""Whoever was not looked at for longer than this is hardly sought the harder for it."""

LATE_SHARE = 0.1
"""What a second counts beyond that: enough that of several, each has a turn."""

MOTION_GAIN = 1.0
"""What a second without a look is worth in a cell in which something unknown moves; a person
whose face is 15 pixels wide covers four."""

MOTION_FADES = 0.8
"""Share of a cell's motion that is left at the next frame."""

TILE_SHARE = 0.4
"""A face wider than this share of a tile may be cut by its edges: the whole frame shows it."""


class Target(NamedTuple):
    """Somebody who is followed, or perhaps met: where, since when not looked at, and how closely
    they are to be watched (looks a second).
    """

    box: Box
    looked_s: float
    rate: float

    def gain(self, now_s: float) -> float:
        """What a look that shows this face for certain is worth: looks that are owed."""
        since_s = now_s - self.looked_s
        early_s = min(since_s, AGE_MAX_S)
        return self.rate * (early_s + LATE_SHARE * (since_s - early_s))


def shown(box: Box, region: Region, frame_width: float) -> float:
    """How surely a look at `region` shows a face in `box`, 0..1."""
    if isinstance(region, Tile):
        return float(region.holds(box, 0.25))
    if not region.left <= box.left + box.width / 2 <= region.right:
        return 0.0
    return seen_shrunk(box, frame_width) if region.shrunk else 1.0


class PriorityMap:
    """Ages and motion of the frame's cells."""

    def __init__(self, frame: Frame, now_s: float) -> None:
        self.cell_px = frame.full_width / COLUMNS
        rows = max(round(frame.full_height / self.cell_px), 1)
        self._bounds = frame.full_width, frame.full_height
        self._looked_s: Cells = np.full((rows, COLUMNS), now_s, np.float32)
        self._moved: Cells = np.zeros((rows, COLUMNS), np.float32)

    def stir(self, changed: Cells | None) -> None:
        """Take note of the cells of the motion mask in which something unknown moves."""
        self._moved *= MOTION_FADES
        if changed is not None:
            size = self._moved.shape[::-1]
            stirred = cv2.resize(changed, size, interpolation=cv2.INTER_AREA)
            np.maximum(self._moved, stirred, out=self._moved)

    def oldest(self, size: tuple[float, float], now_s: float) -> Tile:
        """The tile, of this size in the full frame's pixels, that was not looked at for longest."""
        return self._best((now_s - self._looked_s) ** 4, size)[0]

    def best(
        self, targets: Sequence[Target], size: tuple[float, float], now_s: float
    ) -> tuple[Tile, float]:
        """The tile that is worth most now, and how much."""
        value = np.minimum(now_s - self._looked_s, AGE_MAX_S)
        value *= self._moved
        value *= MOTION_GAIN
        for target in targets:
            value[body_cells(target.box, 1 / self.cell_px, 1 / self.cell_px)] = 0
        rows, columns = value.shape
        for target in targets:
            x, y = target.box.centre
            column, row = int(x / self.cell_px), int(y / self.cell_px)
            if (
                target.box.width < TILE_SHARE * size[0]
                and 0 <= column < columns
                and 0 <= row < rows
            ):
                hidden = 1 - seen_shrunk(target.box, self._bounds[0]) / 2
                value[row, column] += hidden * target.gain(now_s)
        return self._best(value, size)

    def looked(self, tile: Tile, now_s: float) -> None:
        """A tile was looked at; not so its outermost cells, across whose edge a face may lie."""
        rows, columns = self._inside(tile)
        self._looked_s[self._inner(rows, 0), self._inner(columns, 1)] = now_s

    def _inner(self, cells: slice, axis: int) -> slice:
        """Without the first and the last, but for those at the frame's own edge."""
        first, last = cells.start, min(cells.stop, self._looked_s.shape[axis])
        ends = last == self._looked_s.shape[axis]
        return slice(first + (first > 0), last - (not ends))

    def _inside(self, tile: Tile) -> tuple[slice, slice]:
        """The rows and columns of the cells that lie in a tile."""
        first = round(tile.top / self.cell_px), round(tile.left / self.cell_px)
        last = (tile.top + tile.height), (tile.left + tile.width)
        return (
            slice(first[0], max(int(last[0] / self.cell_px + 0.1), first[0] + 1)),
            slice(first[1], max(int(last[1] / self.cell_px + 0.1), first[1] + 1)),
        )

    def _best(self, value: Cells, size: tuple[float, float]) -> tuple[Tile, float]:
        """The tile with the greatest sum of cells, and that sum. Its outermost cells count half,
        since a face may lie across its edge, and none does so where the edge is the frame's.
        """
        wide = max(int(size[0] / self.cell_px), 1)
        high = max(int(size[1] / self.cell_px), 1)
        rows, columns = value.shape
        sums = windows(rows, high) @ value @ windows(columns, wide).T
        sums += windows(rows, high, 1) @ value @ windows(columns, wide, 1).T
        row, column = divmod(int(sums.argmax()), sums.shape[1])
        tile = self._placed(column - 1 + wide / 2, row - 1 + high / 2, size)
        return tile, float(sums[row, column]) / 2

    def _placed(self, column: float, row: float, size: tuple[float, float]) -> Tile:
        """A tile with this middle, in cells, as far as the frame's edges let it be."""
        left = column * self.cell_px - size[0] / 2
        top = row * self.cell_px - size[1] / 2
        left = min(max(left, 0.0), self._bounds[0] - size[0])
        top = min(max(top, 0.0), self._bounds[1] - size[1])
        return Tile(left, top, *size)


@lru_cache(maxsize=16)
def windows(cells: int, length: int, edge: int = 0) -> Cells:
    """Placements × cells: 1 where a cell lies in a window of `length` cells, but for so many at its
    edges; placed from a cell before the first on.
    """
    weights = np.zeros((cells - length + 3, cells + 2), np.float32)
    for first, row in enumerate(weights):
        row[first + edge : first + length - edge] = 1
    return np.ascontiguousarray(weights[:, 1:-1])
