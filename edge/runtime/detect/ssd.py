"""Single-shot detector with prior boxes (Liu et al. 2016): OpenCV's res10 face detector."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

import numpy as np

from edge.runtime.detect.base import Candidates, Floats
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.card import Card, Prior


@lru_cache(maxsize=2)
def prior_boxes(priors: tuple[Prior, ...]) -> Floats:
    """All prior boxes, N × 4 (centre x, y, width, height) in network pixels, in output order."""
    grids = []
    for prior in priors:
        y, x = np.mgrid[: prior.cells, : prior.cells]
        centres = (np.stack((x, y), -1).reshape(-1, 1, 2) + 0.5) * prior.step
        sizes = np.array(_sizes(prior))[None]
        shape = (len(centres), len(sizes[0]), 2)
        grids.append(
            np.concatenate((np.broadcast_to(centres, shape), np.broadcast_to(sizes, shape)), -1)
        )
    return np.concatenate([grid.reshape(-1, 4) for grid in grids]).astype(np.float32)


def _sizes(prior: Prior) -> list[tuple[float, float]]:
    """Widths and heights at each cell: two squares, then each ratio lying and standing."""
    between = sqrt(prior.smallest * prior.largest)
    sizes = [(prior.smallest, prior.smallest), (between, between)]
    for ratio in prior.ratios:
        long, short = prior.smallest * sqrt(ratio), prior.smallest / sqrt(ratio)
        sizes += [(long, short), (short, long)]
    return sizes


def decode(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """Box offsets (1 × 4N) and class shares (1 × 2N: nothing, face) → candidates, no keypoints.

    Centres move by variance × offset × size of the prior; sizes grow by exp(variance × offset).
    """
    spec = card.detecting
    shares = outputs[spec.tensors["scores"]].reshape(-1, 2)[:, 1]
    chosen = shares > spec.score_low
    offsets = outputs[spec.tensors["boxes"]].reshape(-1, 4)[chosen]
    prior = prior_boxes(spec.priors)[chosen]
    shift, growth = spec.variances
    centre = prior[:, :2] + shift * offsets[:, :2] * prior[:, 2:]
    half = prior[:, 2:] * np.exp(growth * offsets[:, 2:]) / 2
    return Candidates(np.concatenate((centre - half, centre + half), 1), shares[chosen], None)
