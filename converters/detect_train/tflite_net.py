"""The student as TensorFlow operations on constants, and from there as a .tflite file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from converters import tflite
from converters.detect_train.torch_net import Arrays
from converters.detectors.libface import doubled, pooled, told


def function(arrays: Arrays) -> Callable[[Any], dict[str, Any]]:
    """float32 1 × H × W × 3 BGR pixels 0..255 → {"score": 1 × N × 1, "place": 1 × N × 12}.

    `arrays` as `Student.arrays` gives them; the N cells of stride 8 come first, then 16 and 32.
    """

    def run(image: Any) -> dict[str, Any]:
        x = tf.nn.relu(_look(_blocks(image, arrays), arrays, "look"))
        x = _unit(pooled(x), arrays, "third")
        x = _separable(_separable(x, arrays, "fourth.0"), arrays, "fourth.1", stride=2)
        eight = _unit(x, arrays, "deep.units.0")
        sixteen = _unit(pooled(eight), arrays, "deep.units.1")
        coarse = _unit(pooled(sixteen), arrays, "deep.units.2")
        coarse = _separable(coarse, arrays, "deep.sides.2")
        middle = _separable(sixteen + doubled(coarse, sixteen), arrays, "deep.sides.1")
        fine = _separable(eight + doubled(middle, eight), arrays, "deep.sides.0")
        levels = enumerate((fine, middle, coarse))
        heads = [_separable(x, arrays, f"heads.{level}", relu=False) for level, x in levels]
        return told(heads, 1)

    return run


def _blocks(image: Any, arrays: Arrays) -> Any:
    """A 2 × 2 convolution of stride 2 as one of 2 × 1 on pairs of pixels.

    A row's pixels lie side by side, so two of three colours are one of six: the same sums from
    longer vectors, in a third of the instructions.
    """
    _, height, width, _ = image.shape
    pairs = tf.reshape(image, (-1, height, width // 2, 6))
    kernel = arrays["blocks.weight"].reshape(2, 1, 6, -1)
    x = tf.nn.conv2d(pairs, tf.constant(kernel), (1, 2, 1, 1), "VALID")
    return x + tf.constant(arrays["blocks.bias"])


def _unit(x: Any, arrays: Arrays, key: str) -> Any:
    return _separable(_separable(x, arrays, f"{key}.0"), arrays, f"{key}.1")


def _separable(x: Any, arrays: Arrays, key: str, *, stride: int = 1, relu: bool = True) -> Any:
    x = tf.nn.conv2d(x, tf.constant(arrays[f"{key}.mix.weight"]), 1, "SAME")
    x = _look(x + tf.constant(arrays[f"{key}.mix.bias"]), arrays, f"{key}.look", stride)
    return tf.nn.relu(x) if relu else x


def _look(x: Any, arrays: Arrays, key: str, stride: int = 1) -> Any:
    kernel = tf.constant(arrays[f"{key}.weight"])
    x = tf.nn.depthwise_conv2d(x, kernel, (1, stride, stride, 1), "SAME")
    return x + tf.constant(arrays[f"{key}.bias"])


def convert(arrays: Arrays, size: tuple[int, int], calibration: NDArray[np.uint8] | None) -> bytes:
    """The flatbuffer for pictures of `size` (width, height): float32 for no `calibration`, else
    int8 throughout, with ranges from `calibration`, N × height × width × 3 uint8 BGR.
    """
    width, height = size
    images = None if calibration is None else calibration.astype(np.float32)
    scheme = "float32" if images is None else "int8"
    return tflite.convert(function(arrays), [1, height, width, 3], scheme, images)
