"""CenterFace (arXiv:1911.03599): a heat map of face centres with size, offset and landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.runtime.detect.base import Candidates
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.card import Card


def decode(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """See `five`; the corners of the mouth become its middle."""
    return with_four(five(outputs, card))


def five(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """Heat map, log sizes, offsets, landmarks (each 1 × H/4 × W/4 × C) → candidates.

    Channels come y before x, as the network was trained; sizes are exp(value) × stride, and
    landmarks are fractions of the box from its corner, mouth corners last.
    """
    spec = card.detecting
    heat, sizes, offsets, landmarks = (
        outputs[spec.tensors[name]][0] for name in ("heatmap", "scale", "offset", "landmarks")
    )
    stride = spec.strides[0]
    cells = np.nonzero(heat[..., 0] > spec.score_low)
    size = np.exp(sizes[cells]) * stride
    centre = (np.stack(cells, 1) + offsets[cells] + 0.5) * stride
    corner = centre - size / 2
    points = landmarks[cells].reshape(-1, 5, 2) * size[:, None] + corner[:, None]
    boxes = np.concatenate((corner[:, ::-1], (corner + size)[:, ::-1]), 1)
    return Candidates(boxes.astype(np.float32), heat[..., 0][cells], points[..., ::-1])


def with_four(found: Candidates) -> Candidates:
    """Candidates with five points → with the four that faces have."""
    return found._replace(
        keypoints=None if found.keypoints is None else four_points(found.keypoints)
    )


def four_points(points: Tensor) -> Tensor:
    """N × 5 × 2 (eyes, nose, two mouth corners) → N × 4 × 2 with the middle of the mouth."""
    mouth = points[:, 3:].mean(axis=1, keepdims=True)
    return np.concatenate((points[:, :3], mouth), 1).astype(np.float32)
