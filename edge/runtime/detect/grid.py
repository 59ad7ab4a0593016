"""Anchor-free networks whose cells, of all strides, come in one tensor, with landmarks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.runtime.card import Card
from edge.runtime.detect.base import Candidates
from edge.runtime.detect.centerface import four_points
from edge.runtime.model import Tensor

BOX = 2
"""Pairs of numbers before a cell's points: the box's centre, the logarithms of its size."""
FIVE = 5
NONE = Candidates(
    np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 4, 2), np.float32)
)


def decode(outputs: list[Tensor], card: Card) -> Candidates:
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
    chosen = np.flatnonzero(scores > (spec.score_low**2 if two else spec.score_low))
    if not len(chosen):
        return NONE
    sure = np.sqrt(scores[chosen]) if two else scores[chosen]
    cells, strides = grid(card.input.width, card.input.height, spec.strides)
    stride = strides[chosen]
    place = outputs[spec.tensors["place"]][0, chosen]
    half = np.exp(place[:, 2:4]) * (stride / 2)
    pairs = place.reshape(len(place), -1, 2) * stride[:, None] + cells[chosen, None]
    centre, points = pairs[:, 0], pairs[:, BOX:]
    boxes = np.concatenate((centre - half, centre + half), 1)
    return Candidates(boxes, sure, four_points(points) if points.shape[1] == FIVE else points)


@lru_cache(maxsize=8)
def grid(
    width: int, height: int, strides: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every cell's place in the input's pixels, N × 2, and its stride, N × 1.

    A stride that does not divide the input has a last cell that reaches past it.
    """
    cells, sizes = [], []
    for stride in strides:
        rows, columns = -(-height // stride), -(-width // stride)
        places = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
        cells.append(places * stride)
        sizes.append(np.full((len(places), 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)
