"""The same network with channels of one range, for an int8 that has one step a tensor.

Between two layers without anything but a ReLU between them, a channel may be made larger in the
first and smaller in the second (Nagel et al. 2019, arXiv:1906.04721, section 4.1): no answer
changes, and a quiet channel no longer drowns in a loud one's steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from converters.detect_train.torch_net import Separable, Student

GAIN_MAX = 64.0
"""A channel that is all but dead is not made a loud one."""


@torch.no_grad()
def equalize(network: Student, pixels: Tensor) -> None:
    """Change `network`'s weights, not its answers; ranges are those of N × 3 × H × W `pixels`."""
    for first, second in _pairs(network):
        reach = _reach(network, first, pixels)
        gain = (reach.max() / reach.clamp(min=1e-6)).clamp(max=GAIN_MAX)[:, None, None, None]
        first.weight *= gain
        first.bias *= gain.flatten()  # type: ignore[operator] # it has one
        second.weight /= gain if second.groups > 1 else gain.reshape(1, -1, 1, 1)


def _pairs(network: Student) -> Iterator[tuple[nn.Conv2d, nn.Conv2d]]:
    """Layers whose output goes into one other layer alone."""
    yield network.blocks, network.look
    for module in network.modules():
        if isinstance(module, Separable):
            yield module.mix, module.look
    chains = [network.third, network.fourth, *network.deep.units]
    for one, other in chains:
        yield one.look, other.mix
    yield network.look, network.third[0].mix  # type: ignore[misc] # Separable's
    yield network.third[1].look, network.fourth[0].mix  # type: ignore[misc]
    yield network.fourth[1].look, network.deep.units[0][0].mix  # type: ignore[misc,index]


def _reach(network: Student, layer: nn.Conv2d, pixels: Tensor) -> Tensor:
    """The largest output of each channel of `layer`, as a distance from zero."""
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _layer, _given, out: kept.append(out))
    network(pixels)
    handle.remove()
    return kept[0].abs().amax((0, 2, 3))
