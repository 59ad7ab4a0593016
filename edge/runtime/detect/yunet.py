"""YuNet (Wu, Peng, Yu 2023): anchor-free on three strides, with five landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.runtime.detect.base import Candidates
from edge.runtime.detect.centerface import with_four
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.card import Card


def decode(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """See `five`; the corners of the mouth become its middle."""
    return with_four(five(outputs, card))


def five(outputs: Sequence[Tensor], card: Card) -> Candidates:
    """Per stride s: cls_s, obj_s (1 × N × 1), bbox_s (× 4), kps_s (× 10) → candidates.

    The score is the geometric mean of class and objectness. Cells run row by row; a box is its
    centre's offset from the cell and the logarithm of its size, landmarks are offsets, all in
    strides (as OpenCV's FaceDetectorYN decodes them).
    """
    parts = [_level(outputs, card, stride) for stride in card.detecting.strides]
    boxes, scores, points = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Candidates(boxes, scores, points)


def _level(outputs: Sequence[Tensor], card: Card, stride: int) -> tuple[Tensor, Tensor, Tensor]:
    spec = card.detecting
    likely, present, box, landmarks = (
        outputs[spec.tensors[f"{name}_{stride}"]][0] for name in ("cls", "obj", "bbox", "kps")
    )
    scores = np.sqrt(likely[:, 0].clip(0, 1) * present[:, 0].clip(0, 1))
    chosen = np.flatnonzero(scores > spec.score_low)
    rows, columns = np.divmod(chosen, card.input.width // stride)
    cells = np.stack((columns, rows), 1).astype(np.float32)
    centre = cells + box[chosen, :2]
    half = np.exp(box[chosen, 2:]) / 2
    points = landmarks[chosen].reshape(-1, 5, 2) + cells[:, None]
    boxes = np.concatenate((centre - half, centre + half), 1)
    return boxes * stride, scores[chosen], points * stride
