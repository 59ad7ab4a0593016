"""Anchor-free networks whose cells, of all strides, come in one tensor, with landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.runtime.detect.base import Candidates
from edge.runtime.networks.answers import Tensor, rows_of
from edge.runtime.networks.card import Card

BOX = 2
"""Pairs of numbers before a cell's points: the box's centre, the logarithms of its size."""
FIVE = 5
HALF = np.array(0.5, np.float32)
NONE = Candidates(
    np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 4, 2), np.float32)
)


def decode(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """score (1 × N × 1 or 2, each 0..1) and place (1 × N × 12 or 14) → candidates.

    Two scores are class and objectness, and their geometric mean is the cell's. The N cells run
    row by row, the finest stride first. The box's centre and the four or five points are offsets
    from the cell, all in strides; the corners of a mouth become its middle. Only cells above
    `score_low` are looked at further, so an empty scene costs one comparison.
    """
    spec = card.detecting
    said = outputs[spec.tensors["score"]][0]
    two = said.shape[1] == 2
    scores = said[:, 0] * said[:, 1] if two else said[:, 0]
    chosen = (scores > (spec.score_low**2 if two else spec.score_low)).nonzero()[0]
    if not len(chosen):
        return NONE
    sure = scores.take(chosen)
    if two:
        np.sqrt(sure, sure)
    place = rows_of(outputs, spec.tensors["place"], chosen)
    size = card.input.width, card.input.height
    return _placed(place, sure, grid(*size, spec.strides, place.shape[1]).take(chosen, 0))


def _placed(place: Tensor, scores: Tensor, cells: Tensor) -> Candidates:
    """The chosen cells' numbers, in strides from the cell → pixels.

    Every call into NumPy costs more than its sums, and most where rows are of a few numbers: so
    there is a row for each number, of all cells.
    """
    place, cells = place.T.copy(), cells.T.copy()
    stride = cells[-1]
    half = np.exp(place[2:4])
    half *= stride
    half *= HALF
    place *= stride
    place += cells[:-1]
    corners = np.empty((4, len(scores)), np.float32)
    np.subtract(place[:2], half, corners[:2])
    np.add(place[:2], half, corners[2:])
    points = place[2 * BOX :]
    if len(points) == 2 * FIVE:
        mouth = points[6:8]
        mouth += points[8:]
        mouth *= HALF
    return Candidates(corners.T.copy(), scores, points[:8].T.reshape(-1, 4, 2))


@lru_cache(maxsize=8)
def grid(width: int, height: int, strides: tuple[int, ...], numbers: int) -> NDArray[np.float32]:
    """Every cell's x and y in the input's pixels, again and again for `numbers` of them, and its
    stride: N × (numbers + 1).

    A stride that does not divide the input has a last cell that reaches past it.
    """
    levels = []
    for stride in strides:
        rows, columns = -(-height // stride), -(-width // stride)
        places = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
        again = np.tile(places * stride, (1, numbers // 2))
        levels.append(np.insert(again, numbers, stride, axis=1))
    return np.concatenate(levels).astype(np.float32)
