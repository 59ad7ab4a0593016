"""What training minimizes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from converters.labels import BAND_MIDDLES
from converters.train.settings import Loss


def age_targets(band: Tensor, bands: int, neighbour: float) -> Tensor:
    """N × bands distributions: `neighbour` of the mass lies on the adjacent bands.

    Label distribution learning (Geng 2013) in its smallest form: a face at a band's edge belongs
    to both, and labels by eye are about one band wrong.
    """
    near = functional.one_hot(band, bands).float()
    left = functional.pad(near[:, 1:], (0, 1))
    right = functional.pad(near[:, :-1], (1, 0))
    sides = left + right
    return near * (1 - neighbour) + neighbour * sides / sides.sum(1, keepdim=True)


def loss(age: Tensor, gender: Tensor, target: Tensor, female: Tensor, how: Loss) -> Tensor:
    """Age logits N × bands, gender logits N, targets N × bands and N (0..1) → a scalar."""
    centres = torch.tensor(BAND_MIDDLES[: age.shape[1]]) / 10
    chance = age.softmax(1)
    years = functional.smooth_l1_loss(chance @ centres, target @ centres, beta=0.5)
    smooth = female * (1 - how.gender_smoothing) + 0.5 * how.gender_smoothing
    sex = functional.binary_cross_entropy_with_logits(gender, smooth)
    return functional.cross_entropy(age, target) + how.expectation * years + how.gender * sex


LABELLED = 0.25
"""What labelled faces weigh in the loss of what is a face: they are cut well, and all are faces."""


def face_loss(labelled: Tensor, others: Tensor, face: Tensor) -> Tensor:
    """Logits of N labelled faces, of M other crops, and whether these are faces → a scalar.

    Binary cross entropy; of the other crops faces and things weigh alike, since only there one
    is to be told from the other.
    """
    each = functional.binary_cross_entropy_with_logits(others, face.float(), reduction="none")
    parts = [each[mask].mean() for mask in (face, ~face) if mask.any()]
    known = functional.softplus(-labelled).mean()
    return torch.stack(parts).mean() + LABELLED * known if parts else known
