"""Whether anything moved: the small frame's brightness against a slowly following background.

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
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Box, Frame, Image

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

BODY_WIDTHS = 2.0
"""A person's cells reach this many face widths to either side of the face's middle."""


class Gate:
    """Compares each frame it is shown with the background it has learnt from those before."""

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._noise = 1.0
        self._seen_s = 0.0

    def moved(self, frame: Frame, known: Sequence[Box] = ()) -> bool:
        """Whether something differs from the background, below the `known` faces apart.

        True on the first frame, and where the whole picture changed: then it is learnt anew.
        """
        cells = _cells(frame.luma() if frame.luma else frame.small)
        before = self._background
        passed_s, self._seen_s = frame.captured_s - self._seen_s, frame.captured_s
        if before is None or before.shape != cells.shape:
            self._learn(cells)
            return True
        # The gain moves the means of both alike; +1 keeps a black picture from dividing by zero.
        gain = (cv2.mean(cells)[0] + 1) / (cv2.mean(before)[0] + 1)
        apart = np.abs(cells - before * np.float32(gain))
        limit = max(LEVEL_MIN, NOISE_FACTOR * self._noise)
        changed = cv2.threshold(apart, limit, 1.0, cv2.THRESH_BINARY)[1]
        if cv2.countNonZero(changed) > ALL_CHANGED * cells.size:
            self._learn(cells)
            return True
        self._listen(apart, limit)
        cv2.accumulateWeighted(cells, before, 1 - math.exp(-passed_s / FOLLOW_S))
        for box in known:
            _body(changed, box, frame)[:] = 0
        return cv2.countNonZero(changed) >= CELLS_MIN

    def _learn(self, cells: Image) -> None:
        self._background = cells.astype(np.float32)

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


def _body(changed: NDArray[Any], box: Box, frame: Frame) -> NDArray[Any]:
    """The cells that a person with this face moves: head, shoulders and all below."""
    down, across = changed.shape
    x_scale, y_scale = across / frame.full_width, down / frame.full_height
    middle, reach = box.left + box.width / 2, BODY_WIDTHS * box.width
    left = max(int((middle - reach) * x_scale), 0)
    right = max(int((middle + reach) * x_scale) + 1, 0)
    top = max(int((box.top - box.height / 2) * y_scale), 0)
    return changed[top:, left:right]
