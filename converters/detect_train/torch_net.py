"""The detector in PyTorch: what is trained."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from converters.detect_train.spec import OUTPUTS, Level, Network

Array = NDArray[np.float32]
RARE = 0.01
"""The score that an untrained network gives: nearly every cell holds no face."""


class Folded(NamedTuple):
    """A layer with its normalization multiplied in: kernel out × in × k × k, bias out."""

    kernel: Array
    bias: Array


def plain(before: int, after: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A size × size convolution without a bias, for a `Layer`."""
    padding = size // 2 if stride == 1 else 0
    return nn.Conv2d(before, after, size, stride, padding=padding, bias=False)


def depthwise(channels: int) -> nn.Conv2d:
    """A 3 × 3 convolution of each channel by itself, for a `Layer`."""
    return nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)


class Layer(nn.Module):
    """Convolution, batch normalization, and ReLU6 unless `linear`.

    Padding is TensorFlow's "SAME" on even sizes: at stride 2 at the end only.
    """

    def __init__(self, kernel: nn.Conv2d, *, linear: bool = False) -> None:
        super().__init__()
        self.ends_only = kernel.stride == (2, 2) and kernel.kernel_size == (3, 3)
        self.linear = linear
        self.kernel = kernel
        self.norm = nn.BatchNorm2d(kernel.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """N × before × H × W → N × after × H/stride × W/stride."""
        if self.ends_only:
            x = functional.pad(x, (0, 1, 0, 1))
        x = self.norm(self.kernel(x))
        return x if self.linear else functional.relu6(x)

    def folded(self) -> Folded:
        """What the device computes."""
        norm = self.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        kernel = self.kernel.weight * factor[:, None, None, None]
        bias = norm.bias - norm.running_mean * factor
        return Folded(kernel.detach().cpu().numpy(), bias.detach().cpu().numpy())


class Block(nn.Module):
    """relu6(x + layers(x)); see `Level`."""

    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        layers = _bottleneck(channels, middle) if middle else _separable(channels, channels, True)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as `x`."""
        return functional.relu6(x + self.layers(x))


def _bottleneck(channels: int, middle: int) -> list[Layer]:
    last = Layer(plain(middle, channels, 1), linear=True)
    return [Layer(plain(channels, middle, 1)), Layer(plain(middle, middle, 3)), last]


def _separable(before: int, after: int, linear: bool) -> list[Layer]:
    return [Layer(depthwise(before)), Layer(plain(before, after, 1), linear=linear)]


class Heads(nn.Module):
    """One level's outputs: a separable layer, then a 1×1 convolution for each."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.tower = nn.Sequential(*_separable(network.neck, network.tower, False))
        self.outputs = nn.ModuleDict(
            {n: nn.Conv2d(network.tower, c, 1) for n, c in OUTPUTS.items()}
        )
        for head in self.outputs.values():
            nn.init.normal_(head.weight, std=0.01)  # type: ignore[arg-type] # a Conv2d's weight
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        score = self.outputs["score"]
        nn.init.constant_(score.bias, math.log(RARE / (1 - RARE)))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> list[Tensor]:
        """N × neck × H × W → score logits, box, points (each N × C × H × W)."""
        x = self.tower(x)
        return [head(x) for head in self.outputs.values()]


class FaceNet(nn.Module):
    """N × 3 × H × W pixels, 0..1 RGB, H and W multiples of 16 → per stride score, box, points.

    An odd row or column of stride 16 is completed by zeros, so that cells lie where they do
    in multiples of 32.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.stem = Layer(plain(3, network.stem, 2, 2))
        self.fine = Layer(plain(network.stem, network.fine, 3, 2))
        before = network.fine
        levels: list[nn.Module] = []
        for level in network.levels:
            levels.append(_level(before, level))
            before = level.channels
        self.levels = nn.ModuleList(levels)
        self.sides = nn.ModuleList(
            Layer(plain(level.channels, network.neck, 1), linear=index < 2)
            for index, level in enumerate(network.levels)
        )
        self.smooth = nn.Sequential(*_separable(network.neck, network.neck, False))
        self.heads = nn.ModuleList(Heads(network) for _ in network.levels)

    def forward(self, pixels: Tensor) -> list[list[Tensor]]:
        """See the class; strides from fine to coarse."""
        x = self.fine(self.stem(pixels))
        features = []
        for level in self.levels:
            x = level(functional.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2)))
            features.append(x)
        eight, sixteen, coarse = (side(f) for side, f in zip(self.sides, features, strict=True))
        middle = self.smooth(functional.relu6(sixteen + _doubled(coarse, sixteen)))
        fine = functional.relu6(eight + _doubled(middle, eight))
        return [head(x) for head, x in zip(self.heads, (fine, middle, coarse), strict=True)]

    @torch.no_grad()
    def folded(self) -> list[Folded]:
        """Every layer in the order of `tflite_net.function`'s use; they take pixels 0..255."""
        layers = [m.folded() for m in self.modules() if isinstance(m, Layer)]
        first = layers[0]
        layers[0] = Folded(first.kernel / 255, first.bias)
        for heads in self.heads:
            for head in heads.outputs.values():  # type: ignore[union-attr] # a ModuleDict
                layers.append(
                    Folded(head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy())
                )
        return layers


def _level(before: int, level: Level) -> nn.Module:
    entry: list[nn.Module] = [Layer(plain(before, level.channels, 3, 2))]
    return nn.Sequential(
        *entry, *(Block(level.channels, level.middle) for _ in range(level.blocks))
    )


def _doubled(x: Tensor, like: Tensor) -> Tensor:
    large = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return large[:, :, : like.shape[2], : like.shape[3]]
