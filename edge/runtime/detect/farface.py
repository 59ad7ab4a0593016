"""Our own detector: anchor-free on three strides, with five landmarks."""

from __future__ import annotations

import math

import numpy as np

from edge.runtime.card import Card
from edge.runtime.detect.base import Candidates
from edge.runtime.detect.centerface import with_four
from edge.runtime.model import Tensor


def decode(outputs: list[Tensor], card: Card) -> Candidates:
    """Per stride s: score_s, box_s, points_s (1 × H/s × W/s × 1, 4 and 10) → candidates.

    The score is a logit. A box is its centre's offset from the cell's centre and the logarithm of
    its size, points are offsets from the cell's centre, all in strides. Only cells above
    `score_low` are looked at further, so an empty scene costs three comparisons.
    """
    spec = card.detecting
    least = math.log(spec.score_low / (1 - spec.score_low))
    boxes, logits, points = [], [], []
    for stride in spec.strides:
        score, box, five = (outputs[spec.tensors[f"{n}_{stride}"]][0] for n in NAMES)
        rows, columns = np.nonzero(score[..., 0] > least)
        if not len(rows):
            continue
        cells = np.stack((columns, rows), 1) + np.float32(0.5)
        values = box[rows, columns]
        centre = cells + values[:, :2]
        half = np.exp(values[:, 2:]) / 2
        boxes.append(np.concatenate((centre - half, centre + half), 1) * stride)
        points.append((five[rows, columns].reshape(-1, 5, 2) + cells[:, None]) * stride)
        logits.append(score[rows, columns, 0])
    if not boxes:
        return NONE
    scores = 1 / (1 + np.exp(-np.concatenate(logits)))
    return with_four(
        Candidates(np.concatenate(boxes).astype(np.float32), scores, np.concatenate(points))
    )


NAMES = ("score", "box", "points")
NONE = Candidates(
    np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 4, 2), np.float32)
)
