"""BlazeFace (arXiv:1907.05047): anchors on a grid, each with a box and six keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from edge.runtime.detect.base import Candidates, Floats
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.card import Card


@lru_cache(maxsize=4)
def anchors(width: int, height: int, strides: tuple[int, ...], per_cell: tuple[int, ...]) -> Floats:
    """Centres of all anchors, N × 2 (x, y) in network pixels, in the network's output order."""
    grids = []
    for stride, count in zip(strides, per_cell, strict=True):
        y, x = np.mgrid[: height // stride, : width // stride]
        centres = np.stack((x, y), -1).reshape(-1, 1, 2)
        grids.append(np.repeat((centres + 0.5) * stride, count, 1).reshape(-1, 2))
    return np.concatenate(grids).astype(np.float32)


def decode(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """Regressors 1 × N × 16 and score logits 1 × N × 1 → candidates.

    A regressor is centre and size of the box, then x, y of right eye, left eye, nose, mouth and
    both ears, all in network pixels from the anchor's centre.
    """
    spec = card.detecting
    logits = outputs[spec.tensors["scores"]][0, :, 0]
    # Compare logits, not scores: only the few anchors that pass need the exponential.
    chosen = logits > np.log(spec.score_low / (1 - spec.score_low))
    raw = outputs[spec.tensors["boxes"]][0][chosen]
    grid = anchors(card.input.width, card.input.height, spec.strides, spec.anchors_per_cell)
    centre = raw[:, :2] + grid[chosen]
    half = raw[:, 2:4] / 2
    keypoints = raw[:, 4:12].reshape(-1, 4, 2) + grid[chosen][:, None]
    scores = 1 / (1 + np.exp(-logits[chosen]))
    return Candidates(np.concatenate((centre - half, centre + half), 1), scores, keypoints)
