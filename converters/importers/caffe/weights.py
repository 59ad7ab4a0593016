"""A .caffemodel's weights by layer, and the mean picture of a .binaryproto.

Field numbers are those of Caffe's caffe.proto: NetParameter.layers 2 (the old form) and layer 100,
LayerParameter.name 1 and blobs 7, V1LayerParameter.name 4 and blobs 6, BlobProto.num…width 1–4,
data 5, shape 7, double_data 8.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.importers.caffe import wire

Array = NDArray[np.float32]
OLD_LAYERS, LAYERS = 2, 100
FORMS = {OLD_LAYERS: (4, 6), LAYERS: (1, 7)}
"""Where the layers are → the numbers of a layer's name and blobs."""


def read(content: bytes, origin: str) -> dict[str, list[Array]]:
    """Layer → its arrays, out × in × H × W; ConvertError where the file is damaged."""
    try:
        net = wire.fields(memoryview(content))
        found: dict[str, list[Array]] = {}
        for number, (name, blobs) in FORMS.items():
            for layer in wire.messages(net.get(number, [])):
                parts = wire.fields(layer)
                arrays = [_array(blob) for blob in wire.messages(parts.get(blobs, []))]
                if arrays:
                    found[wire.text(parts.get(name, []))] = arrays
    except (wire.Damaged, ValueError) as error:
        raise ConvertError(
            f"{origin} is no weight file of Caffe (.caffemodel), or is truncated: {error}"
        ) from error
    if not found:
        raise ConvertError(f"{origin} is no weight file of Caffe (.caffemodel): it holds no layers")
    return found


def mean_picture(content: bytes, origin: str) -> Array:
    """A mean picture (.binaryproto), H × W × C in the file's channel order."""
    try:
        mean = _array(memoryview(content))
    except (wire.Damaged, ValueError) as error:
        raise ConvertError(
            f"{origin} is no mean picture of Caffe (.binaryproto): {error}"
        ) from error
    mean = mean.reshape(mean.shape[-3:]) if mean.ndim >= 3 else mean
    if mean.ndim != 3 or mean.shape[0] != 3:
        raise ConvertError(f"{origin} is no mean picture of Caffe: its shape is {mean.shape}")
    return np.ascontiguousarray(mean.transpose(1, 2, 0))


def _array(blob: memoryview) -> Array:
    parts: dict[int, list[Any]] = wire.fields(blob)
    values = wire.numbers(parts.get(5, []), "<f4")
    if not values.size:
        values = wire.numbers(parts.get(8, []), "<f8")
    if 7 in parts:
        shape = [
            size
            for message in wire.messages(parts[7])
            for size in wire.whole_numbers(wire.fields(message).get(1, []))
        ]
    else:
        shape = [
            wire.whole_numbers(parts[number])[-1] for number in (1, 2, 3, 4) if number in parts
        ]
    if math.prod(shape) != values.size:
        raise wire.Damaged(f"an array of shape {shape} holds {values.size} numbers")
    return values.reshape(shape)
