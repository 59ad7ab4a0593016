"""Whether anything moved, and where: the small frame's brightness against a background that
follows slowly.

The frame is averaged over squares of pixels down to some five thousand cells, which takes most of
the camera's noise away and costs a hundredth of a detection. A cell has changed where it differs
from the background by several times the noise, which is measured all the time; the camera's gain,
which changes all cells by one factor, is taken out first (after Wren et al., *Pfinder*, 1997, with
one noise for all cells). An error on this side costs a detection and nothing else; what changes
too little to be seen here is found by the sweeps of `edge.runtime.schedule.schedule`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import EVERYWHERE, Box, Frame, Image, Span
from edge.runtime.schedule.body import body_cells

CELLS_ACROSS = 80
"""At least so many cells a row: 8 pixels a cell where the small frame is 640 wide."""

LEVEL_MIN = 3.0
"""A cell that differs by fewer of 256 levels has not changed, however little noise there is."""

NOISE_FACTOR = 6.0
"""Nor one that differs by less than this times the mean deviation: 4.8 standard deviations."""

NOISE_GAIN = 0.05
"""Share of each frame's deviation in the running mean of the noise."""

NOISE_MAX = 4.0
"""No camera's averaged cells differ by more of 256 levels on average while nothing happens."""

CELLS_MIN = 3
"""Fewer changed cells are chance. A far face and its body cover more than ten."""

ALL_CHANGED = 0.5
"""Share of changed cells that makes another scene: a light is switched, the camera turned."""

FOLLOW_S = 5.0
"""Time constant with which the background follows what stays."""

LINGER_S = 1.0
"""What has been there for less than this is passing."""

COLUMN_MIN = 2
"""Fewer changed cells one above the other do not say where something moves."""

MARGIN_CELLS = 2
"""Columns of cells on either side of those that changed which belong to what moves there."""


class MotionMask(NamedTuple):
    """What differs from the background in a frame.

    `unknown`: something other than the known faces and what is below them. `region`: the columns
    of all that differs, them included; None where nothing does. `cells`: which cells differ, rows ×
    columns of 0 and 1, the known left out; None where that is not known.
    """

    unknown: bool
    region: Span | None
    cells: NDArray[np.float32] | None = None


class Gate:
    """Compares each frame it is shown with the background it has learnt from those before."""

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._changed_s: NDArray[np.float32]
        self._noise = 1.0
        self._seen_s = 0.0

    def motion(self, frame: Frame, known: Sequence[Box] = ()) -> MotionMask:
        """What differs from the background; `known` are the faces of those who are followed.

        Everything on the first frame, and where the whole picture changed: then it is learnt anew.
        """
        cells = _cells(frame.luma() if frame.luma else frame.small)
        before = self._background
        passed_s, self._seen_s = frame.captured_s - self._seen_s, frame.captured_s
        if before is None or before.shape != cells.shape:
            return self._learn(cells)
        # The gain moves the means of both alike; +1 keeps a black picture from dividing by zero.
        gain = (cv2.mean(cells)[0] + 1) / (cv2.mean(before)[0] + 1)
        apart = np.abs(cells - before * np.float32(gain))
        limit = max(LEVEL_MIN, NOISE_FACTOR * self._noise)
        changed = cv2.threshold(apart, limit, 1.0, cv2.THRESH_BINARY)[1]
        count = cv2.countNonZero(changed)
        if count > ALL_CHANGED * cells.size:
            self._listen(cv2.threshold(apart, limit, 0, cv2.THRESH_TRUNC)[1], cells.size)
            return self._learn(cells)
        self._listen(apart * (1 - changed), cells.size - count)
        settled = self._settled(changed, count, passed_s)
        cv2.accumulateWeighted(cells, before, 1 - math.exp(-passed_s / FOLLOW_S), settled)
        return _mask_of(changed, known, frame) if count else MotionMask(False, None)

    def _learn(self, cells: Image) -> MotionMask:
        self._background = cells.astype(np.float32)
        self._changed_s = np.zeros_like(self._background)
        return MotionMask(True, EVERYWHERE)

    def _settled(
        self, changed: NDArray[Any], count: int, passed_s: float
    ) -> NDArray[np.uint8] | None:
        """The cells whose background may follow, None for all: a passer-by leaves no trail."""
        if not count:
            self._changed_s.fill(0)
            return None
        self._changed_s += passed_s
        self._changed_s *= changed
        settled: NDArray[np.bool_] = (changed == 0) | (self._changed_s > LINGER_S)
        return settled.view(np.uint8)

    def _listen(self, apart: NDArray[Any], cells: int) -> None:
        """Follow the noise of so many cells, where nothing moves: a camera that shakes or a crowd
        is no noise, and would not be seen to move if it were taken for it.
        """
        usual = cv2.sumElems(apart)[0] / cells
        self._noise = min(self._noise + NOISE_GAIN * (usual - self._noise), NOISE_MAX)


def _cells(small: Image) -> Image:
    """BGR or brightness alone → brightness averaged over squares whose side is a power of two."""
    height, width = small.shape[:2]
    side = 1 << max((width // CELLS_ACROSS).bit_length() - 1, 0)
    picture: Any = small[: height // side * side, : width // side * side]
    # Whole powers of four or two are averaged by vector code; a side of eight at once is not.
    first = 4 if side >= 4 else side
    picture = _reduced(picture, first)
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(_reduced(picture, side // first), np.uint8)


def _reduced(picture: Any, factor: int) -> Any:
    if factor == 1:
        return picture
    size = picture.shape[1] // factor, picture.shape[0] // factor
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _mask_of(changed: NDArray[Any], known: Sequence[Box], frame: Frame) -> MotionMask:
    """Changed cells as what they mean; those of the `known` are taken out of `changed`."""
    columns = np.flatnonzero(changed.sum(0) >= COLUMN_MIN)
    down, across = changed.shape
    for box in known:
        changed[body_cells(box, across / frame.full_width, down / frame.full_height)] = 0
    unknown = cv2.countNonZero(changed) >= CELLS_MIN
    moving = changed if unknown else None
    if not len(columns):
        return MotionMask(unknown, EVERYWHERE if unknown else None, moving)
    scale = frame.full_width / changed.shape[1]
    left, right = int(columns[0]) - MARGIN_CELLS, int(columns[-1]) + 1 + MARGIN_CELLS
    return MotionMask(unknown, Span(left * scale, right * scale), moving)
