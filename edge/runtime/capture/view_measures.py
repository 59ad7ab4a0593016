"""A frame → what the rules on the view ask for: its brightness, its contrast, its edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Frame, Image

THUMB_PX = 320
"""Width of the thumbnail: as much as a detector is shown."""

EDGE = 12
"""Levels between neighbouring pixels that make an edge; noise makes fewer."""

BLOCKS = 6, 8
"""The picture in rows and columns; a time stamp or a name on it fills a few at its border."""

WRITTEN = 5
"""So many blocks may hold writing, whose edges are steep however blurred the picture is."""

CELLS = 40, 24
"""Across and down: what a map of the picture's edges is averaged in."""


class Seen(NamedTuple):
    """What one look measures. `steep` is NaN where there is no contrast to measure it by."""

    level: float
    spread: float
    blocks: int
    steep: float
    edges: NDArray[np.float32]
    pixels: Image


def measured(frame: Frame) -> Seen:
    """One frame → its measures, most of them in a thumbnail of its brightness."""
    whole = frame.luma() if frame.luma else cv2.cvtColor(frame.small, cv2.COLOR_BGR2GRAY)
    height, width = whole.shape[:2]
    # A row or a column of pixels is no view, but no reason to end either.
    down = round(THUMB_PX * height / width)
    size = THUMB_PX, min(max(down, CELLS[1] + 1), THUMB_PX * 4)
    thumb = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    steps = cv2.max(
        cv2.absdiff(thumb[1:, 1:], thumb[1:, :-1]), cv2.absdiff(thumb[1:, 1:], thumb[:-1, 1:])
    )
    blocks = _blocks(np.asarray(steps, np.uint8))
    spread = float(cv2.meanStdDev(thumb)[1].item())
    return Seen(
        level=_level(thumb),
        spread=spread,
        blocks=int((_shares(blocks) > 0.01).sum()),
        steep=_steepest(blocks) / (spread + 1),
        edges=_cells(np.asarray(steps, np.uint8)),
        pixels=np.array(whole[::4, ::4], np.uint8),
    )


def _level(thumb: Image) -> float:
    """What a twentieth of the pixels exceeds; by a histogram, since sorting costs more."""
    counts = cv2.calcHist([thumb], [0], None, [256], [0, 256]).ravel()
    return float(np.searchsorted(counts.cumsum(), 0.95 * thumb.size))


def _cells(steps: Image) -> NDArray[np.float32]:
    """The map in CELLS; whole pixels each, which vector code averages."""
    across, down = CELLS
    part = steps[: steps.shape[0] // down * down, : steps.shape[1] // across * across]
    # 60: one bright reflection must not outweigh all else.
    capped = np.minimum(part, np.uint8(60))
    return np.asarray(cv2.resize(capped, CELLS, interpolation=cv2.INTER_AREA), np.float32)


def _blocks(steps: Image) -> Image:
    """A map → one row of pixels for each of the BLOCKS."""
    down, across = BLOCKS
    height, width = steps.shape[0] // down, steps.shape[1] // across
    parts = steps[: height * down, : width * across].reshape(down, height, across, width)
    return np.ascontiguousarray(parts.swapaxes(1, 2)).reshape(down * across, height * width)


def _shares(blocks: Image) -> NDArray[np.float32]:
    """Share of each block's pixels that are edges."""
    edges = cv2.threshold(blocks, EDGE, 1, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.reduce(edges, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F), np.float32)


def _steepest(blocks: Image) -> float:
    """The steepest fiftieth of a block with steep edges, after those that may hold writing.

    Every second pixel tells as much.
    """
    some = blocks[:, ::2]
    rank = some.shape[1] - 1 - some.shape[1] // 50
    tops = np.partition(some, rank, axis=1)[:, rank]
    return float(np.sort(tops)[-1 - WRITTEN])


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Pearson's correlation coefficient of two maps; 1 where either has no contrast."""
    a, b = one - one.mean(), other - other.mean()
    spread = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / spread if spread > 1e-6 else 1.0
