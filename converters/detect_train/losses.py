"""What is minimized: the penalty-reduced focal loss of CenterNet, and relative L1 errors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BOX = 2.0
POINTS = 2.0


def loss(outputs: list[list[Tensor]], targets: list[tuple[Tensor, ...]]) -> Tensor:
    """Per stride (score, box, points) and (score, values, weight, sizes) → the mean loss."""
    total = outputs[0][0].new_zeros((), dtype=torch.float32)
    faces = sum((score == 1).sum() for score, *_ in targets)
    weights = sum(weight.sum() for _, _, weight, _ in targets)
    for (score, box, points), (heat, values, weight, sizes) in zip(outputs, targets, strict=True):
        found = focal(score[:, 0].float(), heat)
        said = torch.cat((box, points), 1).float().permute(0, 2, 3, 1)
        wrong = relative(said, values, sizes)
        regression = ((BOX * wrong[..., 0] + POINTS * wrong[..., 1]) * weight).sum()
        total = total + found / torch.clamp(faces, min=1) + regression / weights.clamp(min=1)
    return total


def focal(logits: Tensor, heat: Tensor) -> Tensor:
    """Sum over the cells; heat −1 is ignored."""
    chance = torch.sigmoid(logits)
    hit = -((1 - chance) ** 2) * functional.logsigmoid(logits)
    miss = -((1 - heat.clamp(min=0)) ** 4) * chance**2 * functional.logsigmoid(-logits)
    return torch.where(heat == 1, hit, torch.where(heat < 0, 0.0, miss)).sum()


def relative(said: Tensor, values: Tensor, sizes: Tensor) -> Tensor:
    """N × H × W × 14 against the same → mean error of box and of points, in sizes of the face."""
    gap = (said - values).abs()
    size = sizes[..., None]
    box = torch.cat((gap[..., :2] / size, gap[..., 2:4]), -1).mean(-1)
    points = (gap[..., 4:] / size).mean(-1)
    return torch.stack((box, points), -1)
