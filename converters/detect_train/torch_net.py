"""libfacedetection's network and a cheaper one that is taught to say the same, in PyTorch.

What is cheaper, by Arm instructions (`converters/DETECTOR.md` has the figures): the first layer
looks at blocks of 2 × 2 pixels and knows no second one behind it, the last layer before stride 8
skips the cells that the teacher's pooling would have dropped, and one layer gives all outputs of
a level where the teacher has four. All else begins as the teacher's own weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from converters.detectors.libface import HEADS, REACH, Weights

Arrays = dict[str, NDArray[np.float32]]
POINTS = 4
OUTPUTS = 1 + 4 + 2 * POINTS
"""A cell's score, box (centre's offset, logarithm of the size) and points."""
BACKBONE = "backbone__model"
WATCHED = 0.02
"""How much of a range is the last batch's."""


class Answer(NamedTuple):
    """What a network makes of N × 3 × H × W pixels, BGR 0..255.

    fine: features at stride 4, early: at stride 8 before the deep layers; levels: the three
    levels' features, strides 8, 16, 32; outputs: each level's N × OUTPUTS × H/s × W/s. The
    student's first output is the score's logit, the teacher's the score itself.
    """

    fine: Tensor
    early: Tensor
    levels: list[Tensor]
    outputs: list[Tensor]


class Stepped(nn.Module):
    """What int8 makes of a tensor: rounded to 255 steps over the range seen in training, or over
    ± `most` where that is given. Does nothing but watch until `on`.
    """

    def __init__(self, most: float = 0.0) -> None:
        super().__init__()
        self.on = False
        self.fixed = most > 0
        self.register_buffer("reach", torch.tensor((-most, most)))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape; gradients pass where `x` is in range."""
        if self.training and not self.fixed:
            seen = torch.stack((x.detach().amin().clamp(max=0), x.detach().amax().clamp(min=1e-3)))
            self.reach.lerp_(seen, WATCHED if self.reach.any() else 1.0)
        if not self.on:
            return x
        step = (self.reach[1] - self.reach[0]) / 255
        zero = torch.round(-self.reach[0] / step).int()
        return torch.fake_quantize_per_tensor_affine(x, step, zero, 0, 255)


class Separable(nn.Module):
    """1 × 1, then 3 × 3 of each channel by itself, then ReLU unless `linear`.

    Padding is TensorFlow's "SAME": at stride 2 on an even size at the end only.
    """

    def __init__(self, before: int, after: int, stride: int = 1, *, linear: bool = False) -> None:
        super().__init__()
        self.mix = nn.Conv2d(before, after, 1)
        self.look = nn.Conv2d(after, after, 3, stride, groups=after)
        self.linear = linear
        self.mixed, self.seen = Stepped(), Stepped()

    def forward(self, x: Tensor) -> Tensor:
        """N × before × H × W → N × after × H/stride × W/stride."""
        x = self.look(_same(self.mixed(self.mix(x)), self.look.stride[0]))
        return self.seen(x if self.linear else functional.relu(x))

    @torch.no_grad()
    def load(self, weights: Weights, key: str) -> Separable:
        """Take the weights of libfacedetection's layer `key`."""
        after = self.mix.out_channels
        looks = weights[f"{key}_dw_weight"].reshape(3, 3, after).transpose(2, 0, 1)
        self.mix.weight.copy_(_tensor(weights[f"{key}_pw_weight"].reshape(after, -1, 1, 1)))
        self.mix.bias.copy_(_tensor(weights[f"{key}_pw_bias"]))  # type: ignore[union-attr]
        self.look.weight.copy_(_tensor(looks[:, None]))
        self.look.bias.copy_(_tensor(weights[f"{key}_dw_bias"]))  # type: ignore[union-attr]
        return self


def _tensor(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def _same(x: Tensor, stride: int) -> Tensor:
    high, wide = (max((-(-n // stride) - 1) * stride + 3 - n, 0) for n in x.shape[2:])
    return functional.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))


def _unit(weights: Weights, number: int) -> nn.Sequential:
    """One of libfacedetection's pairs of layers, with its weights."""
    pairs = []
    for half in (1, 2):
        key = f"{BACKBONE}{number}_dp{half}"
        after = len(weights[f"{key}_pw_bias"])
        before = len(weights[f"{key}_pw_weight"]) // after
        pairs.append(Separable(before, after).load(weights, key))
    return nn.Sequential(*pairs)


def _pooled(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 2, 2, ceil_mode=True)


class Deep(nn.Module):
    """Features at stride 8 → those of strides 8, 16 and 32, each summed with all coarser ones."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.units = nn.ModuleList(_unit(weights, number) for number in (3, 4, 5))
        self.sides = nn.ModuleList(
            Separable(64, 64).load(weights, f"neck__lateral_convs__{level}") for level in range(3)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """N × 64 × H × W → three of N × 64 × …, from fine to coarse."""
        eight = self.units[0](x)
        sixteen = self.units[1](_pooled(eight))
        coarse = self.sides[2](self.units[2](_pooled(sixteen)))
        middle = self.sides[1](sixteen + _doubled(coarse, sixteen))
        return [self.sides[0](eight + _doubled(middle, eight)), middle, coarse]


def _doubled(x: Tensor, like: Tensor) -> Tensor:
    large = functional.interpolate(x, scale_factor=2, mode="nearest")
    return large[:, :, : like.shape[2], : like.shape[3]]


class Teacher(nn.Module):
    """libfacedetection's network."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        filters = weights[f"{BACKBONE}0_pw_weight"].reshape(16, -1)[:, :27]
        self.first = nn.Conv2d(3, 16, 3, 2)
        with torch.no_grad():
            self.first.weight.copy_(_tensor(filters.reshape(16, 3, 3, 3).transpose(0, 3, 1, 2)))
            self.first.bias.copy_(_tensor(weights[f"{BACKBONE}0_pw_bias"]))  # type: ignore[union-attr]
        self.second = Separable(16, 16).load(weights, f"{BACKBONE}0_dp")
        self.third, self.fourth = _unit(weights, 1), _unit(weights, 2)
        self.deep = Deep(weights)
        self.heads = nn.ModuleList(
            nn.ModuleDict({n: _head(weights, n, level) for n in HEADS}) for level in range(3)
        )

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> Answer:
        """See `Answer`."""
        x = functional.relu(self.first(functional.pad(pixels, (1, 0, 1, 0))))
        fine = self.third(_pooled(self.second(x)))
        early = _pooled(self.fourth(fine))
        levels = self.deep(early)
        said = [_said(heads, x) for heads, x in zip(self.heads, levels, strict=True)]
        return Answer(fine, early, levels, said)


def _head(weights: Weights, name: str, level: int) -> Separable:
    key = f"bbox_head__multi_level_{name}__{level}"
    return Separable(64, HEADS[name], linear=True).load(weights, key)


def _said(heads: nn.Module, x: Tensor) -> Tensor:
    """One level's score, box and four points, the last of them the middle of the mouth."""
    likely, present, box, five = (heads[name](x) for name in ("cls", "obj", "bbox", "kps"))  # type: ignore[index]
    score = torch.sqrt(torch.sigmoid(likely) * torch.sigmoid(present))
    mouth = (five[:, 6:8] + five[:, 8:10]) / 2
    return torch.cat((score, box, five[:, :6], mouth), 1)


class Student(nn.Module):
    """The cheaper network; H and W are multiples of 16."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.blocks = nn.Conv2d(3, 16, 2, 2)
        self.blocks.weight.data /= 128  # pixels are not scaled
        self.look = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.blocked, self.seen = Stepped(), Stepped()
        self.third, self.fourth = _unit(weights, 1), _unit(weights, 2)
        self.fourth[1].look.stride = (2, 2)  # type: ignore[union-attr]
        self.deep = Deep(weights)
        self.heads = nn.ModuleList(_merged(weights, level) for level in range(3))

    def forward(self, pixels: Tensor) -> Answer:
        """See `Answer`."""
        fine = self.opening(pixels)
        early = self.fourth(fine)
        levels = self.deep(early)
        said = [head(x) for head, x in zip(self.heads, levels, strict=True)]
        return Answer(fine, early, levels, said)

    def opening(self, pixels: Tensor) -> Tensor:
        """Pixels → features at stride 4."""
        x = self.look(self.blocked(self.blocks(pixels)))
        return self.third(_pooled(self.seen(functional.relu(x))))

    def stepped(self, on: bool) -> None:
        """Round every tensor as int8 does, or no more."""
        for module in self.modules():
            if isinstance(module, Stepped):
                module.on = on

    @torch.no_grad()
    def arrays(self) -> Arrays:
        """The weights by layer, laid out as TensorFlow's: rows × columns × before × after."""
        found = {}
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d):
                kernel = module.weight.detach().cpu().numpy()
                order = (2, 3, 0, 1) if module.groups > 1 else (2, 3, 1, 0)
                found[f"{name}.weight"] = np.ascontiguousarray(kernel.transpose(order))
                found[f"{name}.bias"] = module.bias.detach().cpu().numpy()  # type: ignore[union-attr]
        return found


@torch.no_grad()
def _merged(weights: Weights, level: int) -> Separable:
    """The teacher's layers for class, box and the first four points as one."""
    heads = [_head(weights, name, level) for name in ("cls", "bbox", "kps")]
    both = Separable(64, OUTPUTS, linear=True)
    for name, own in both.named_parameters():
        parts = [dict(head.named_parameters())[name] for head in heads]
        own.copy_(torch.cat(parts)[:OUTPUTS])
    both.seen = Stepped(REACH)
    return both
