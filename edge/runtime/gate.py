"""Whether anything moved, and where: the small frame's brightness against a background that
follows slowly.

The frame is averaged over squares of pixels down to some five thousand cells, which takes most of
the camera's noise away and costs a hundredth of a detection. A cell has changed where it differs
from the background by several times the noise, which is measured all the time; the camera's gain,
which changes all cells by one factor, is taken out first (after Wren et al., *Pfinder*, 1997, with
one noise for all cells). An error on this side costs a detection and nothing else; what changes
too little to be seen here is found by the sweeps of `edge.runtime.schedule`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import EVERYWHERE, Box, Frame, Image, Span

CELLS_ACROSS = 80
"""At least so many cells a row: 8 pixels a cell where the small frame is 640 wide."""

LEVEL_MIN = 3.0
"""A cell that differs by fewer of 256 levels has not changed, however little noise there is."""

NOISE_FACTOR = 6.0
"""Nor one that differs by less than this times the mean deviation: 4.8 standard deviations."""

NOISE_GAIN = 0.05
"""Share of each frame's deviation in the running mean of the noise."""

CELLS_MIN = 3
"""Fewer changed cells are chance. A far face and its body cover more than ten."""

ALL_CHANGED = 0.5
"""Share of changed cells that makes another scene: a light is switched, the camera turned."""

FOLLOW_S = 5.0
"""Time constant with which the background follows what stays."""

LINGER_S = 1.0
"""What has been there for less than this is passing."""

BODY_WIDTHS = 2.0
"""A person's cells reach this many face widths to either side of the face's middle."""

COLUMN_MIN = 2
"""Fewer changed cells one above the other do not say where something moves."""

MARGIN_CELLS = 2
"""Columns of cells on either side of those that changed which belong to what moves there."""


class Stir(NamedTuple):
    """What differs from the background in a frame.

    `unknown`: something other than the known faces and what is below them. `across`: the columns
    of all that differs, them included; None where nothing does.
    """

    unknown: bool
    across: Span | None


class Gate:
    """Compares each frame it is shown with the background it has learnt from those before."""

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._changed_s: NDArray[np.float32]
        self._noise = 1.0
        self._seen_s = 0.0

    def stir(self, frame: Frame, known: Sequence[Box] = ()) -> Stir:
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
            return self._learn(cells)
        self._listen(apart, limit)
        settled = self._settled(changed, count, passed_s)
        cv2.accumulateWeighted(cells, before, 1 - math.exp(-passed_s / FOLLOW_S), settled)
        return _stir(changed, known, frame) if count else Stir(False, None)

    def _learn(self, cells: Image) -> Stir:
        self._background = cells.astype(np.float32)
        self._changed_s = np.zeros_like(self._background)
        return Stir(True, EVERYWHERE)

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

    def _listen(self, apart: NDArray[Any], limit: float) -> None:
        """Follow the noise; what moves counts in it as far as the limit only."""
        usual = cv2.mean(cv2.threshold(apart, limit, 0, cv2.THRESH_TRUNC)[1])[0]
        self._noise += NOISE_GAIN * (usual - self._noise)


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


def _stir(changed: NDArray[Any], known: Sequence[Box], frame: Frame) -> Stir:
    """Changed cells as what they mean; those of the `known` are taken out of `changed`."""
    columns = np.flatnonzero(changed.sum(0) >= COLUMN_MIN)
    for box in known:
        _body(changed, box, frame)[:] = 0
    unknown = cv2.countNonZero(changed) >= CELLS_MIN
    if not len(columns):
        return Stir(unknown, EVERYWHERE if unknown else None)
    scale = frame.full_width / changed.shape[1]
    left, right = int(columns[0]) - MARGIN_CELLS, int(columns[-1]) + 1 + MARGIN_CELLS
    return Stir(unknown, Span(left * scale, right * scale))


def _body(changed: NDArray[Any], box: Box, frame: Frame) -> NDArray[Any]:
    """The cells that a person with this face moves: head, shoulders and all below."""
    down, across = changed.shape
    x_scale, y_scale = across / frame.full_width, down / frame.full_height
    middle, reach = box.left + box.width / 2, BODY_WIDTHS * box.width
    left = max(int((middle - reach) * x_scale), 0)
    right = max(int((middle + reach) * x_scale) + 1, 0)
    top = max(int((box.top - box.height / 2) * y_scale), 0)
    return changed[top:, left:right]
