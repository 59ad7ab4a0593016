"""dlib's face recognition ResNet (CC0) in PyTorch: a pretrained trunk for a teacher.

It learned from three million faces to tell people apart, and so knows far more of faces than any
training set of ours. Only a teacher uses it; nothing of it runs on the device. The weights come
with the PyPI package `face_recognition_models`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from converters.errors import ConvertError

SIDE_PX = 150
FEATURES = 256
WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"
MEANS = (122.782, 117.001, 104.298)
"""What dlib subtracts from red, green and blue before it divides by 256."""
STAGES = ((32, 3, False), (64, 3, True), (128, 2, True), (256, 2, True), (256, 0, True))
"""Channels, blocks that keep the resolution, whether a block that halves it comes first."""
EMBEDDING = 128
FIRST = 7
"""Blocks that are never trained anew: up to a resolution of 17 × 17 in 64 channels."""
PARTS = (17, 17, 64)
"""Height, width and channels of what the first blocks give."""
MARK = b"\x01\x02"
"""How dlib writes the 2, its tensors' version, with which each of them begins."""

Floats = NDArray[np.float32]


class Convolution(nn.Module):
    """A convolution and dlib's affine layer, folded into one."""

    def __init__(self, before: int, after: int, side: int, stride: int) -> None:
        super().__init__()
        padding = side // 2 if stride == 1 else 0
        self.kernel = nn.Conv2d(before, after, side, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """N × before × H × W → N × after × H' × W'; without padding where it strides."""
        value: Tensor = self.kernel(x)
        return value


class Block(nn.Module):
    """Two convolutions beside a shortcut, which is averaged where the first one strides."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = Convolution(before, after, 3, stride)
        self.second = Convolution(after, after, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The smaller of the two summands is filled up with zeros, as dlib's add_prev does."""
        inner = self.second(functional.relu(self.first(x)))
        short = functional.avg_pool2d(x, 2) if self.stride == 2 else x
        if short.shape != inner.shape:
            shape = [max(pair) for pair in zip(short.shape[1:], inner.shape[1:], strict=True)]
            short, inner = (_filled(part, shape) for part in (short, inner))
        return functional.relu(short + inner)


class FaceTrunk(nn.Module):
    """N × 3 × side × side RGB pixels 0..1 → N × 256 features; made for a side of 150."""

    def __init__(self) -> None:
        super().__init__()
        self.means: Tensor
        self.register_buffer("means", torch.tensor(MEANS)[:, None, None], persistent=False)
        self.stem = Convolution(3, 32, 7, 2)
        blocks: list[nn.Module] = []
        before = 32
        for channels, same, down in STAGES:
            if down:
                blocks.append(Block(before, channels, 2))
            blocks += [Block(channels, channels, 1) for _ in range(same)]
            before = channels
        self.first, self.last = nn.Sequential(*blocks[:FIRST]), nn.Sequential(*blocks[FIRST:])

    def lower(self, pixels: Tensor) -> Tensor:
        """N × 3 × side × side RGB pixels 0..1 → N × 64 × 17 × 17: edges, textures, parts."""
        x = (pixels * 255 - self.means) / 256
        x = functional.max_pool2d(functional.relu(self.stem(x)), 3, 2)
        value: Tensor = self.first(x)
        return value

    def upper(self, parts: Tensor) -> Tensor:
        """What `lower` gives → N × 256 features."""
        value: Tensor = self.last(parts).mean((2, 3))
        return value

    def forward(self, pixels: Tensor) -> Tensor:
        """See the class; dlib's 128 numbers are these times its last, bias-free layer."""
        return self.upper(self.lower(pixels))

    @torch.no_grad()
    def load(self, path: Path) -> Floats:
        """Take the weights of dlib's file; → its last layer, 256 × 128.

        ConvertError where the file is another one.
        """
        content = _read(path)
        at = 0
        for layer in (m.kernel for m in self.modules() if isinstance(m, Convolution)):
            values, at = _tensor(content, at, layer.weight.numel() + layer.out_channels, path)
            affine, at = _tensor(content, at, 2 * layer.out_channels, path)
            _fill(layer, values, affine)
        last, _ = _tensor(content, at, FEATURES * EMBEDDING, path)
        return last.reshape(FEATURES, EMBEDDING)


def _filled(x: Tensor, shape: list[int]) -> Tensor:
    """N × channels × H × W with zeros added at the ends up to `shape`."""
    channels, height, width = (want - has for want, has in zip(shape, x.shape[1:], strict=True))
    return functional.pad(x, (0, width, 0, height, 0, channels))


def _fill(kernel: nn.Conv2d, values: Floats, affine: Floats) -> None:
    weights, bias = np.split(values, [kernel.weight.numel()])
    scale, shift = np.split(affine, 2)
    shaped = weights.reshape(kernel.weight.shape) * scale[:, None, None, None]
    kernel.weight.copy_(torch.from_numpy(shaped))
    assert kernel.bias is not None
    kernel.bias.copy_(torch.from_numpy(bias * scale + shift))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error


def _tensor(content: bytes, at: int, wanted: int, path: Path) -> tuple[Floats, int]:
    """The next tensor of `wanted` floats from `at` on, and where it ends.

    A tensor is its version, four dimensions and little-endian floats. What dlib keeps between the
    weights has other sizes, and is passed over.
    """
    at = content.find(MARK, at)
    while at >= 0:
        count, start = _header(content, at)
        end = start + 4 * wanted
        if count == wanted and end <= len(content):
            return np.frombuffer(content, "<f4", wanted, start), end
        at = content.find(MARK, at + 1)
    raise ConvertError(
        f"{path} is not dlib's face recognition network: give {WEIGHTS} of the PyPI package "
        "face_recognition_models"
    )


def _header(content: bytes, at: int) -> tuple[int, int]:
    """How many floats the tensor at `at` has, and where they start; 0 where there is none.

    An integer of dlib's is a byte that says how many bytes follow, then those, lowest first.
    """
    count = 1
    at += len(MARK)
    for _ in range(4):
        size = content[at] if at < len(content) else 0
        if not 0 < size <= 4:
            return 0, at
        count *= int.from_bytes(content[at + 1 : at + 1 + size], "little")
        at += 1 + size
    return count, at
