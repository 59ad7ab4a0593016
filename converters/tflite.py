"""A TensorFlow function or Keras model → the bytes of a .tflite file, by a weight scheme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

SCHEMES = ("float32", "float16", "dynamic_int8")

Function = Callable[[Any], dict[str, Any]]


def convert(function: Function, shape: Sequence[int | None], scheme: str) -> bytes:
    """`function` of one float32 tensor of `shape` → a flatbuffer with one signature.

    The signature's outputs are named as in the dict that `function` returns.
    """
    owner = tf.Module()
    owner.run = frozen(function, shape)
    concrete = owner.run.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner)
    if scheme != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    content: bytes = converter.convert()
    return content


def frozen(function: Function, shape: Sequence[int | None]) -> Any:
    """`function` with its variables made constants.

    The converter takes variables only from the function's owner; those of a Keras 3 model it
    leaves out without a word, and the file answers NaN.
    """
    specification = tf.TensorSpec(shape, tf.float32, name="image")
    traced = tf.function(function, input_signature=[specification]).get_concrete_function()
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
