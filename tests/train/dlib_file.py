"""A file in dlib's format, with random weights of the right shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converters.nets.dlib_net import EMBEDDING, FEATURES, Convolution, FaceTrunk

JUNK = b"\x06affine" + b"\x01\x02\x00\x00\x00\x00" + b"\x01\x02\x01\x08\x01\x01\x01\x01\x01\x01"
"""What lies between two layers: a name, an empty tensor, the start of a small one."""


def integer(value: int) -> bytes:
    """An integer as dlib writes it: how many bytes, then the bytes, lowest first."""
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([size]) + value.to_bytes(size, "little")


def tensor(values: np.ndarray) -> bytes:
    """A tensor of one long column."""
    shape = b"".join(integer(n) for n in (values.size, 1, 1, 1))
    return integer(2) + shape + values.astype("<f4").tobytes()


def write(path: Path, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Write `path`; → (kernel and bias, scale and shift) of each layer as they were written."""
    random = np.random.default_rng(seed)
    layers = []
    parts = [b"\x01\x01\x01\x0dloss_metric_2"]
    for module in FaceTrunk().modules():
        if not isinstance(module, Convolution):
            continue
        kernel = module.kernel.weight
        spread = (2 / kernel[0].numel()) ** 0.5
        values = random.normal(0, spread, kernel.numel() + kernel.shape[0])
        affine = np.repeat([0.7, 0.1], kernel.shape[0])
        layers.append((values, affine))
        parts += [JUNK, tensor(values), JUNK, tensor(affine)]
    parts += [JUNK, tensor(random.normal(0, 0.1, FEATURES * EMBEDDING))]
    path.write_bytes(b"".join(parts))
    return layers
