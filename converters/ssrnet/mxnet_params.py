"""The mxnet port's `.params` → SsrNet, read without mxnet and without unpickling anything.

The file is a little-endian list: magic, a reserved word, the count, then for each array its own
magic, storage type, shape, device, type and values; then the names. Convolutions are
out × in × H × W, dense layers out × in with features flattened in C, H, W order.
"""

from __future__ import annotations

import struct

import numpy as np

from converters.errors import ConvertError
from converters.ssrnet.weights import STAGES, Array, Layer, SsrNet, fold

LIST_MAGIC = 0x112
ARRAY_MAGIC = 0xF993FAC9
FLOAT32 = 0
EPSILON = 2e-5
_SIDE = {1: 4, 2: 3, 3: 3}
_STEM = {
    **{f"x{depth}": f"convolution{depth - 1}" for depth in (1, 2, 3, 4)},
    **{f"s{depth}": f"convolution{depth + 3}" for depth in (1, 2, 3, 4)},
}


def load(content: bytes, value_range: float) -> SsrNet:
    """A `.params` file's content → the network."""
    try:
        arrays = _arrays(content)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ConvertError("the mxnet parameters are truncated or damaged") from error
    try:
        return SsrNet(_layers(arrays), value_range, stage1_relu=False)
    except KeyError as error:
        raise ConvertError(f"these mxnet parameters are no SSR-Net: {error} is missing") from error


def _arrays(content: bytes) -> dict[str, Array]:
    reader = _Reader(content)
    magic, _, count = reader.take("<QQQ")
    if magic != LIST_MAGIC:
        raise ConvertError("this is no mxnet parameter file")
    arrays = [_array(reader) for _ in range(count)]
    (named,) = reader.take("<Q")
    names = [reader.raw(reader.take("<Q")[0]).decode() for _ in range(named)]
    return dict(zip(names, arrays, strict=True))


def _array(reader: _Reader) -> Array:
    magic, storage, dimensions = reader.take("<IiI")
    if magic != ARRAY_MAGIC or storage != 0 or dimensions > 4:
        raise ValueError("not a dense array")
    shape = reader.take(f"<{dimensions}q")
    _, _, kind = reader.take("<iii")
    if kind != FLOAT32:
        raise ValueError("not float32")
    values = reader.raw(4 * int(np.prod(shape)))
    return np.frombuffer(values, "<f4").reshape(shape)


class _Reader:
    """Reads on from where it stands; ValueError at the end of the content."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def raw(self, size: int) -> bytes:
        part = self._content[self._at : self._at + size]
        if size < 0 or len(part) != size:
            raise ValueError("the file ends early")
        self._at += size
        return part

    def take(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.raw(struct.calcsize(layout)))


def _layers(arrays: dict[str, Array]) -> dict[str, Layer]:
    layers = {}
    for ours, theirs in _STEM.items():
        norm = theirs.replace("convolution", "batchnorm")
        kernel, bias = _pair(arrays, theirs)
        parts = (arrays[f"arg:{norm}_gamma"], arrays[f"arg:{norm}_beta"])
        moments = (arrays[f"aux:{norm}_moving_mean"], arrays[f"aux:{norm}_moving_var"])
        layers[ours] = fold(kernel.transpose(2, 3, 1, 0), bias, (*parts, *moments), EPSILON)
    for stage in STAGES:
        layers.update(_stage(arrays, stage))
    return layers


def _stage(arrays: dict[str, Array], stage: int) -> dict[str, Layer]:
    layers = {}
    for trunk, shift in (("s", 0), ("x", 1)):
        kernel, bias = _pair(arrays, f"convolution{6 + 2 * stage + shift}")
        layers[f"{stage}/{trunk}_conv"] = Layer(kernel.transpose(2, 3, 1, 0), bias)
        dense, bias = _pair(arrays, f"fullyconnected{3 * stage - 3 + shift}")
        layers[f"{stage}/{trunk}_dense"] = Layer(_from_chw(dense, stage), bias)
    kernel, bias = _pair(arrays, f"delta_s{stage}")
    layers[f"{stage}/delta"] = Layer(_from_chw(kernel, stage), bias)
    # The port's author misspelt one layer.
    pred = f"pred_age_stage{stage}" if stage != 2 else "pred_age_stag2"
    plain = {"mix": f"fullyconnected{3 * stage - 1}", "pred": pred}
    plain["local"] = f"local_delta_stage{stage}"
    for ours, theirs in plain.items():
        kernel, bias = _pair(arrays, theirs)
        layers[f"{stage}/{ours}"] = Layer(kernel.T.copy(), bias)
    return layers


def _pair(arrays: dict[str, Array], name: str) -> tuple[Array, Array]:
    return arrays[f"arg:{name}_weight"], arrays[f"arg:{name}_bias"]


def _from_chw(kernel: Array, stage: int) -> Array:
    """out × (C·H·W) → (H·W·C) × out."""
    side = _SIDE[stage]
    square = kernel.reshape(-1, 10, side, side)
    return square.transpose(2, 3, 1, 0).reshape(-1, kernel.shape[0]).copy()
