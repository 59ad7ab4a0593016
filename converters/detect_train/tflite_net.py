"""The detector as TensorFlow operations on constants, and from there as a .tflite file.

Pixels are 0..255 here, so that an int8 input has the step 1 exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from converters import tflite
from converters.detect_train.spec import OUTPUTS, STRIDES, Network
from converters.detect_train.torch_net import Folded


def function(network: Network, layers: Sequence[Folded]) -> Callable[[Any], dict[str, Any]]:
    """float32 1 × H × W × 3 RGB pixels 0..255 → {"score_8": 1 × H/8 × W/8 × 1 logits, …}.

    `layers` as `FaceNet.folded` gives them.
    """

    def run(image: Any) -> dict[str, Any]:
        rest = iter(layers)
        x = _convolved(_blocks(image, next(rest)), next(rest), 2)
        features = []
        for level in network.levels:
            x = _convolved(tf.pad(x, _odd(x)) if _is_odd(x) else x, next(rest), 2)
            for _ in range(level.blocks):
                x = tf.nn.relu6(x + _block(x, level.middle, rest))
            features.append(x)
        eight = _linear(features[0], next(rest))
        sixteen = _linear(features[1], next(rest))
        coarse = _convolved(features[2], next(rest))
        middle = _separable(tf.nn.relu6(sixteen + _doubled(coarse, sixteen)), rest)
        fine = tf.nn.relu6(eight + _doubled(middle, eight))
        towers = [_separable(x, rest) for x in (fine, middle, coarse)]
        return {
            f"{name}_{stride}": _linear(x, next(rest))
            for stride, x in zip(STRIDES, towers, strict=True)
            for name in OUTPUTS
        }

    return run


def _blocks(image: Any, layer: Folded) -> Any:
    """A 2 × 2 convolution of stride 2 as one of 2 × 1 on pairs of pixels.

    A row's pixels lie side by side, so two of three colours are one of six: the same sums from
    longer vectors, in a third of the instructions.
    """
    _, height, width, _ = image.shape
    pairs = tf.reshape(image, (-1, height, width // 2, 6))
    kernel = layer.kernel.transpose(2, 3, 1, 0)  # rows × columns × colours × out
    kernel = kernel.reshape(2, 1, 6, -1)
    x = tf.nn.conv2d(pairs, tf.constant(kernel), (1, 2, 1, 1), "VALID")
    return tf.nn.relu6(x + tf.constant(layer.bias))


def _block(x: Any, middle: int, rest: Iterator[Folded]) -> Any:
    if not middle:
        return _linear(_depthwise(x, next(rest)), next(rest))
    inner = _convolved(_convolved(x, next(rest)), next(rest))
    return _linear(inner, next(rest))


def _separable(x: Any, rest: Iterator[Folded]) -> Any:
    return _convolved(_depthwise(x, next(rest)), next(rest))


def _depthwise(x: Any, layer: Folded) -> Any:
    kernel = tf.constant(layer.kernel.transpose(2, 3, 0, 1))
    x = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "SAME")
    return tf.nn.relu6(x + tf.constant(layer.bias))


def _convolved(x: Any, layer: Folded, stride: int = 1) -> Any:
    return tf.nn.relu6(_linear(x, layer, stride))


def _linear(x: Any, layer: Folded, stride: int = 1) -> Any:
    kernel = tf.constant(layer.kernel.transpose(2, 3, 1, 0))
    return tf.nn.conv2d(x, kernel, stride, "SAME") + tf.constant(layer.bias)


def _is_odd(x: Any) -> bool:
    return bool(x.shape[1] % 2 or x.shape[2] % 2)


def _odd(x: Any) -> list[list[int]]:
    return [[0, 0], [0, x.shape[1] % 2], [0, x.shape[2] % 2], [0, 0]]


def _doubled(x: Any, like: Any) -> Any:
    large = tf.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]))
    return large[:, : like.shape[1], : like.shape[2]]


def convert(
    network: Network,
    layers: Sequence[Folded],
    size: tuple[int, int],
    calibration: NDArray[np.uint8] | None,
) -> bytes:
    """The flatbuffer for pictures of `size` (width, height): float32 for no `calibration`, else
    int8 throughout, with ranges from `calibration`, N × height × width × 3 uint8 RGB.
    """
    width, height = size
    images = None if calibration is None else calibration.astype(np.float32)
    scheme = "float32" if images is None else "int8"
    return tflite.convert(function(network, layers), [1, height, width, 3], scheme, images)
