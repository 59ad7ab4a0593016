"""A trained network → one twice as wide that says the same, to train on (Net2Net, Chen 2016)."""

from __future__ import annotations

import msgspec
import torch
from torch import Tensor

from converters.nets.spec import Network
from converters.nets.torch_net import AgeGender

UNEVEN = 0.25
"""How unequally a channel's two copies share its weight: equal ones would learn the same."""


def half_as_wide(network: Network) -> Network | None:
    """The network of half as many channels in each stage; None where a number is odd."""
    if any(stage.channels % 2 or stage.middle % 2 for stage in network.stages):
        return None
    stages = [
        msgspec.structs.replace(stage, channels=stage.channels // 2, middle=stage.middle // 2)
        for stage in network.stages
    ]
    return msgspec.structs.replace(network, stages=tuple(stages))


@torch.no_grad()
def widened(narrow: AgeGender, wide: Network, seed: int = 0) -> AgeGender:
    """A network of the shape `wide`, whose half is that of `narrow`, with the same answers."""
    random = torch.Generator().manual_seed(seed)
    found = AgeGender(wide)
    shapes = {name: part.shape for name, part in found.state_dict().items()}
    found.load_state_dict(
        {name: _doubled(part, shapes[name], random) for name, part in narrow.state_dict().items()}
    )
    return found


def _doubled(part: Tensor, shape: torch.Size, random: torch.Generator) -> Tensor:
    """Outputs are copied; what comes in twice is shared out."""
    if part.ndim and shape[0] == 2 * part.shape[0]:
        part = torch.cat([part, part])
    if part.ndim > 1 and shape[1] == 2 * part.shape[1]:
        share = 0.5 + UNEVEN * torch.randn(part.shape, generator=random)
        part = torch.cat([part * share, part * (1 - share)], 1)
    return part
