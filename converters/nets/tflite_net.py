"""The network as TensorFlow operations on constants, and from there as a .tflite file.

Pixels are 0..255 here, so that an int8 input has the step 1 exactly: nothing is lost, and the
device only subtracts 128.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from converters.nets.spec import Network

Floats = NDArray[np.float32]


class Layer(NamedTuple):
    """A folded layer: kernel 3 × 3 × in × out, or in × out for a head; bias: out."""

    kernel: Floats
    bias: Floats


def function(network: Network, layers: Sequence[Layer]) -> Callable[[Any], dict[str, Any]]:
    """float32 N × size × size × 3 RGB pixels 0..255 → {"age": N × bands, "gender": N × 1} logits,
    and {"face": N × 1} of a network that says it.

    `layers` come in the order in which the stages use them, the heads last, as the outputs come.
    """

    def run(image: Any) -> dict[str, Any]:
        rest = iter(layers)
        x = image
        for stage in network.stages:
            x = tf.nn.relu6(_convolved(x, next(rest), stage.stride))
            for _ in range(stage.blocks):
                inner = tf.nn.relu6(_convolved(x, next(rest)))
                x = tf.nn.relu6(x + _convolved(inner, next(rest)))
        features = tf.reduce_mean(x, (1, 2))
        return {name: _head(features, next(rest)) for name in network.outputs}

    return run


def _convolved(x: Any, layer: Layer, stride: int = 1) -> Any:
    return tf.nn.conv2d(x, tf.constant(layer.kernel), stride, "SAME") + tf.constant(layer.bias)


def _head(features: Any, layer: Layer) -> Any:
    return tf.matmul(features, tf.constant(layer.kernel)) + tf.constant(layer.bias)


def convert(
    network: Network, layers: Sequence[Layer], calibration: NDArray[np.uint8] | None
) -> bytes:
    """The flatbuffer: float32 for no `calibration`, else int8 throughout.

    `calibration`: N × size × size × 3 uint8 crops from which the activations' ranges are taken.
    """
    owner = tf.Module()
    shape = (None, network.size, network.size, 3)
    owner.run = tf.function(
        function(network, layers),
        input_signature=[tf.TensorSpec(shape, tf.float32, name="image")],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [owner.run.get_concrete_function()], owner
    )
    if calibration is not None:
        _whole_integers(converter, calibration)
    content: bytes = converter.convert()
    return content


def _whole_integers(converter: Any, calibration: NDArray[np.uint8]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: _samples(calibration)
    # tflite-runtime 2.14 takes one scale only for a dense layer.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def _samples(calibration: NDArray[np.uint8]) -> Iterator[list[Floats]]:
    whole = np.zeros_like(calibration[:1])
    whole[:, ::2] = 255
    # One picture that uses every value makes the input's step exactly 1.
    yield [whole.astype(np.float32)]
    for crop in calibration:
        yield [crop[None].astype(np.float32)]
