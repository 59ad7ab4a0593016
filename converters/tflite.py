"""A TensorFlow function or Keras model → the bytes of a .tflite file, by a weight scheme.

float32; float16: weights halved; dynamic_int8: weights int8, sums in float32; int8: everything
int8, in and out as well, with ranges taken from calibration images; int16x8: int8 weights and
16-bit activations, which no fast kernels exist for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from converters.errors import ConvertError
from converters.schemes import CALIBRATED, SCHEMES

Function = Callable[[Any], dict[str, Any]]
Images = NDArray[np.float32]


def convert(
    function: Function,
    shape: Sequence[int | None],
    scheme: str,
    calibration: Images | None = None,
) -> bytes:
    """`function` of one float32 tensor of `shape` → a flatbuffer with one signature.

    The signature's outputs are named as in the dict that `function` returns. `calibration` is
    N × H × W × 3, input values as the card makes them; int8 needs it.
    """
    if scheme not in SCHEMES:
        raise ConvertError(f"the scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
    owner = tf.Module()
    owner.run = frozen(function, shape)
    concrete = owner.run.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner)
    if scheme != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if scheme == "dynamic_int8":
        # tflite-runtime 2.14 knows no dense layers with a scale for each of their outputs.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if scheme in CALIBRATED:
        _all_integer(converter, scheme, calibration)
    content: bytes = converter.convert()
    return content


def _all_integer(converter: Any, scheme: str, calibration: Images | None) -> None:
    if calibration is None:
        raise ConvertError(f"{scheme} takes its ranges from real pictures: give some with --data")
    images = with_extremes(calibration)

    def samples() -> Iterator[list[Images]]:
        return ([image[None]] for image in images)

    converter.representative_dataset = samples
    kinds = tf.lite.OpsSet
    if scheme == "int8":
        converter.target_spec.supported_ops = [kinds.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    else:
        converter.target_spec.supported_ops = [
            kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]


def with_extremes(images: Images) -> Images:
    """The images, and one that holds the least and the greatest value each channel can have.

    So the input's range is what pixels can be, not what these pictures happen to hold. One half
    and the other: stripes would drive the first layers further than any picture does.
    """
    half = np.empty((1, *images.shape[1:]), np.float32)
    half[:] = images.min(axis=(0, 1, 2))
    half[:, : images.shape[1] // 2] = images.max(axis=(0, 1, 2))
    return np.concatenate((images, half))


def frozen(function: Function, shape: Sequence[int | None]) -> Any:
    """`function` with its variables made constants.

    The converter takes variables only from the function's owner; those of a Keras 3 model it
    leaves out without a word, and the file answers NaN.
    """
    specification = tf.TensorSpec(shape, tf.float32, name="image")
    # Autograph would wrap what `function` raises in paragraphs of its own.
    whole = tf.function(function, input_signature=[specification], autograph=False)
    traced = whole.get_concrete_function()
    names = sorted(traced.structured_outputs)
    constant = convert_variables_to_constants_v2(traced) if traced.variables else traced

    def run(image: Any) -> dict[str, Any]:
        results = constant(image)
        if isinstance(results, dict):
            return results
        return dict(zip(names, tf.nest.flatten(results), strict=True))

    return tf.function(run, input_signature=[specification])


def output_positions(content: bytes) -> dict[str, int]:
    """Names of the signature's outputs → their places in `get_output_details()`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    places = [detail["index"] for detail in interpreter.get_output_details()]
    named = interpreter.get_signature_runner().get_output_details()
    return {name: places.index(detail["index"]) for name, detail in named.items()}
