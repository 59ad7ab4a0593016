"""A TensorFlow function → the bytes of a .tflite file, by one of the weight schemes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

SCHEMES = ("float32", "float16", "dynamic_int8")


def convert(
    function: Callable[[Any], dict[str, Any]], shape: list[int | None], scheme: str
) -> bytes:
    """`function` of one float32 tensor of `shape` → a flatbuffer with one signature.

    The function's weights must be constants: variables would be lost without a word, since a
    bare function does not own them.
    """
    specification = tf.TensorSpec(shape, tf.float32, name="image")
    owner = tf.Module()
    owner.run = tf.function(function, input_signature=[specification])
    concrete = owner.run.get_concrete_function()
    if concrete.variables:
        raise ValueError("the function holds variables; convert constants only")
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner)
    if scheme != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    content: bytes = converter.convert()
    return content


def output_positions(content: bytes) -> dict[str, int]:
    """Names of the signature's outputs → their places in `get_output_details()`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    places = [detail["index"] for detail in interpreter.get_output_details()]
    named = interpreter.get_signature_runner().get_output_details()
    return {name: places.index(detail["index"]) for name, detail in named.items()}
