"""How far a student's answer is from its teacher's."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from converters.detect_train.torch_net import Answer

FACE = 0.1
"""The teacher's score from which on box and points are learned."""
SURE_SHARE = 0.05
"""Weight of a face that is already scored as the teacher does, against one scored wrongly."""
SCORE, PLACE, LEVELS, EARLY = 3.0, 4.0, 0.15, 0.3
FINE = 0.5
"""Weight of the features at stride 4, which falls to nothing in a run's first quarter."""
BETA = 0.05
"""From this error on, in face sizes, places pull with constant force."""


def opening_loss(student: Answer, teacher: Answer) -> Tensor:
    """The error of the layers that are new, by the features that the teacher has there."""
    return _unlike(student.fine, teacher.fine) + _unlike(student.early, teacher.early)


def loss(student: Answer, teacher: Answer, along: float) -> Tensor:
    """All that the student shall learn; `along` is the share of the run that is done, 0..1."""
    faces = sum(said[:, :1].sum() for said in teacher.outputs) + 1
    wrong = sum(
        SCORE * _scores(own, said) + PLACE * _places(own, said)
        for own, said in zip(student.outputs, teacher.outputs, strict=True)
    )
    unlike = EARLY * _unlike(student.early, teacher.early)
    unlike = unlike + FINE * max(0.0, 1 - 4 * along) * _unlike(student.fine, teacher.fine)
    for own, said in zip(student.levels, teacher.levels, strict=True):
        unlike = unlike + LEVELS * _unlike(own, said)
    return wrong / faces + unlike


def _unlike(own: Tensor, said: Tensor) -> Tensor:
    """Mean squared error of features over their variance."""
    return ((own - said) ** 2).mean() / (said.var() + 1e-3)


def _scores(own: Tensor, said: Tensor) -> Tensor:
    """Cross entropy to the teacher's score, heavier where the two disagree (after the quality
    focal loss of Li et al. 2020, arXiv:2006.04388): most cells are empty, and both know it.
    """
    logit, score = own[:, :1], said[:, :1]
    weight = (score - torch.sigmoid(logit.detach())).abs() + SURE_SHARE * score
    wrong = functional.binary_cross_entropy_with_logits(logit, score, reduction="none")
    return (weight * wrong).sum()


def _places(own: Tensor, said: Tensor) -> Tensor:
    """Errors of corners and points in sizes of the face, weighed by the teacher's score."""
    size = torch.exp(said[:, 3:5])
    across = size.repeat(1, 2, 1, 1)
    corners = _off(_corners(own[:, 1:5]) / across, _corners(said[:, 1:5]) / across)
    mean_size = size.prod(1, keepdim=True).sqrt()
    points = _off(own[:, 5:] / mean_size, said[:, 5:] / mean_size)
    weight = said[:, :1] * (said[:, :1] > FACE)
    return (weight * (corners + points)).sum()


def _corners(box: Tensor) -> Tensor:
    half = torch.exp(box[:, 2:].clamp(max=6)) / 2
    return torch.cat((box[:, :2] - half, box[:, :2] + half), 1)


def _off(own: Tensor, said: Tensor) -> Tensor:
    wrong = functional.smooth_l1_loss(own, said, beta=BETA, reduction="none")
    return wrong.mean(1, keepdim=True)
