"""A graph in TensorFlow.js's JSON → TensorFlow's own nodes, with constants and plain operations.

Its converter takes the constants' values out into binary files and joins operations that
TensorFlow keeps apart: a convolution or product with its bias and activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.importers.tensorflow_net.graph import Nodes

FUSED = {
    "_FusedConv2D": "Conv2D",
    "_FusedMatMul": "MatMul",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
}
ACTIVATIONS = ("Relu", "Relu6", "Elu", "LeakyRelu", "Sigmoid", "Tanh")
ITSELF = ("T", "strides", "padding", "dilations", "data_format", "transpose_a", "transpose_b",
          "explicit_paddings")  # fmt: skip
"""What the plain operation keeps of the joined one's attributes."""


def nodes_of(topology: Any, weights: Mapping[str, NDArray[Any]], origin: str) -> Nodes:
    """The nodes by name, in order; ConvertError where the JSON is no graph."""
    graph = tf.compat.v1.GraphDef()
    try:
        json_format.ParseDict({"node": topology["node"]}, graph, ignore_unknown_fields=True)
    except (json_format.ParseError, KeyError, TypeError, ValueError) as error:
        raise ConvertError(f"{origin} describes its graph in a way that can't be read") from error
    nodes: Nodes = {}
    for node in graph.node:
        for made in _plain(node, weights, origin):
            nodes[made.name] = made
    return nodes


def _plain(node: Any, weights: Mapping[str, NDArray[Any]], origin: str) -> Iterator[Any]:
    if node.op == "Const":
        yield _constant(node.name, weights, origin)
    elif node.op in FUSED:
        yield from _apart(node, origin)
    elif node.op == "Prelu":
        yield from _prelu(node.name, *node.input)
    else:
        yield node


def _constant(name: str, weights: Mapping[str, NDArray[Any]], origin: str) -> Any:
    if name not in weights:
        raise ConvertError(f"{origin} lacks the weights {name!r}")
    values = weights[name]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ConvertError(f"{origin} holds weights that are not numbers, in {name}")
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = tf.as_dtype(values.dtype).as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
    return node


def _apart(node: Any, origin: str) -> Iterator[Any]:
    """The operation, its bias, its activation; the last one has the joined one's name."""
    steps = [text.decode() for text in node.attr["fused_ops"].list.s]
    names = [f"{node.name}/{number}" for number in range(len(steps))] + [node.name]
    first = tf.compat.v1.NodeDef(name=names[0], op=FUSED[node.op], input=node.input[:2])
    for key in ITSELF:
        if key in node.attr:
            first.attr[key].CopyFrom(node.attr[key])
    yield first
    left = list(node.input[2:])
    for step, before, name in zip(steps, names, names[1:], strict=False):
        if step == "BiasAdd":
            yield _typed(name, "BiasAdd", [before, left.pop(0)])
        elif step == "Prelu":
            yield from _prelu(name, before, left.pop(0))
        elif step in ACTIVATIONS:
            made = _typed(name, step, [before])
            if step == "LeakyRelu":
                made.attr["alpha"].CopyFrom(node.attr["leakyrelu_alpha"])
            yield made
        else:
            raise ConvertError(f"{origin} joins an operation that is not supported: {step}")


def _prelu(name: str, x: str, alpha: str) -> Iterator[Any]:
    """relu(x) − alpha · relu(−x)."""
    yield _typed(f"{name}/high", "Relu", [x])
    yield _typed(f"{name}/turned", "Neg", [x])
    yield _typed(f"{name}/low", "Relu", [f"{name}/turned"])
    yield _typed(f"{name}/slope", "Mul", [alpha, f"{name}/low"])
    yield _typed(name, "Sub", [f"{name}/high", f"{name}/slope"])


def _typed(name: str, operation: str, inputs: Sequence[str]) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op=operation, input=inputs)
    node.attr["T"].type = tf.float32.as_datatype_enum
    return node
