"""How weights move: the learning rate's way, the moving average, decay, mixed pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...] | list[Tensor]


def warmed_cosine(step: int, steps: int, warm_up: float) -> float:
    """Share of the learning rate: a linear warm-up, then half a cosine down to zero."""
    warm = max(1, round(warm_up * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1, (step - warm) / max(1, steps - warm))))


def follow(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """An exponential moving average that forgets the first steps faster than `decay` would."""

    def update(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        for slow, now in zip(averaged, current, strict=True):
            if slow.is_floating_point():
                slow.lerp_(now, weight)
            else:
                slow.copy_(now)

    return update


def parameter_groups(network: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """Kernels decay, biases and normalization do not."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def mixed(*parts: Tensor) -> list[Tensor]:
    """Faces and their targets, each blended with its neighbour in the batch (mixup, Zhang 2018)."""
    share = float(torch.distributions.Beta(0.3, 0.3).sample())
    return [share * part + (1 - share) * part.roll(1, 0) for part in parts]
