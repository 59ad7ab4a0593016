"""The network in PyTorch: what is trained."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from converters.nets.spec import Network, Stage

Array = NDArray[np.float32]


class Convolution(nn.Module):
    """3×3 convolution, batch normalization, and ReLU6 unless `linear`.

    Padding is TensorFlow's "SAME", which at stride 2 adds a row and a column at the end only, so
    that the weights mean the same in both frameworks.
    """

    def __init__(self, before: int, after: int, stride: int = 1, *, linear: bool = False) -> None:
        super().__init__()
        self.stride = stride
        self.linear = linear
        self.kernel = nn.Conv2d(
            before, after, 3, stride, padding=1 if stride == 1 else 0, bias=False
        )
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        """N × before × H × W → N × after × H/stride × W/stride."""
        if self.stride == 2:
            x = functional.pad(x, (0, 1, 0, 1))
        x = self.norm(self.kernel(x))
        return x if self.linear else functional.relu6(x)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Kernel (out × in × 3 × 3) and bias (out) with the normalization multiplied in."""
        norm = self.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return (
            self.kernel.weight * factor[:, None, None, None],
            norm.bias - norm.running_mean * factor,
        )


class Block(nn.Module):
    """relu6(x + convolution(convolution(x)))."""

    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        self.first = Convolution(channels, middle)
        self.second = Convolution(middle, channels, linear=True)
        # Starting as the identity lets a fresh net learn as if it were shallow.
        nn.init.zeros_(self.second.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as `x`."""
        return functional.relu6(x + self.second(self.first(x)))


class Logits(NamedTuple):
    """What is said of N pictures: age N × bands, gender N (of a woman), face N.

    `face` is 0 × N where the network does not tell faces from other things.
    """

    age: Tensor
    gender: Tensor
    face: Tensor


class AgeGender(nn.Module):
    """N × 3 × size × size pixels, 0..1 RGB → their logits."""

    def __init__(self, network: Network, dropout: float = 0.0) -> None:
        super().__init__()
        self.network = network
        layers: list[nn.Module] = []
        before = 3
        for stage in network.stages:
            layers += _stage(before, stage)
            before = stage.channels
        self.trunk = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.age = nn.Linear(before, network.age_bands)
        self.gender = nn.Linear(before, 1)
        self.face = nn.Linear(before, 1) if network.face else None

    def features(self, pixels: Tensor) -> Tensor:
        """N × 3 × size × size pixels → what the heads see, N × the last stage's channels."""
        value: Tensor = self.trunk(pixels).mean((2, 3))
        return value

    def heads(self, features: Tensor) -> Logits:
        """Features → the logits."""
        features = self.dropout(features)
        age, gender = self.age(features), self.gender(features)[:, 0]
        face = gender[:0] if self.face is None else self.face(features)[:, 0]
        return Logits(age, gender, face)

    @property
    def linear(self) -> list[nn.Linear]:
        """The heads that there are, in the order of the outputs."""
        return [getattr(self, name) for name in self.network.outputs]

    def forward(self, pixels: Tensor) -> Logits:
        """See the class."""
        return self.heads(self.features(pixels))

    @torch.no_grad()
    def folded(self) -> list[tuple[Array, Array]]:
        """Kernels (3 × 3 × in × out; in × out for the heads) and biases in the order of use.

        They take pixels 0..255.
        """
        layers = [m.folded() for m in self.trunk.modules() if isinstance(m, Convolution)]
        kernel, bias = layers[0]
        layers[0] = (kernel / 255, bias)
        pairs = [(k.permute(2, 3, 1, 0), b) for k, b in layers]
        pairs += [(head.weight.T, head.bias) for head in self.linear]
        return [(k.cpu().numpy().copy(), b.cpu().numpy().copy()) for k, b in pairs]


def _stage(before: int, stage: Stage) -> list[nn.Module]:
    middle = stage.middle or stage.channels
    entry: list[nn.Module] = [Convolution(before, stage.channels, stage.stride)]
    return entry + [Block(stage.channels, middle) for _ in range(stage.blocks)]
