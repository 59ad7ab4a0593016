"""An ONNX convolution net (NCHW) → the same net as a TensorFlow function (NHWC).

Weights become constants and BatchNormalization is folded into the convolution before it, so that
the TFLite converter sees plain convolutions. Every four-dimensional value is kept in NHWC; the
graph's own `Transpose` to NHWC, where it has one, is therefore nothing to do, and what follows it
(`Reshape`, `Sigmoid`) works on the same numbers in the same order as in the original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from onnx import numpy_helper

from converters.errors import ConvertError

Weights = dict[str, NDArray[Any]]
Values = dict[str, Any]

TO_NHWC = [0, 2, 3, 1]


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: its kind, the names it reads and writes, its attributes."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """An ONNX graph in execution order, its weights as NumPy arrays."""

    input: str
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    weights: Weights

    def function(self) -> Callable[[Any], dict[str, Any]]:
        """The graph as a function: float32 N × H × W × C → outputs by name."""

        def run(image: Any) -> dict[str, Any]:
            values: Values = {self.input: image}
            for node in self.nodes:
                values[node.output] = _OPERATIONS[node.kind](node, values, self.weights)
            return {name: values[name] for name in self.outputs}

        return run


def load_graph(content: bytes, origin: str) -> Graph:
    """Read an ONNX file's bytes; ConvertError where damaged or with an unknown operation."""
    try:
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and the checker raise types of their own
        raise ConvertError(f"{origin} is not a readable ONNX network: it is damaged") from error
    graph = model.graph
    weights = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes = fold_batch_norm([_node(node) for node in graph.node], weights)
    unknown = sorted({node.kind for node in nodes} - set(_OPERATIONS))
    if unknown:
        raise ConvertError(
            f"{origin} holds operations that are not supported: {', '.join(unknown)}"
        )
    if any(not np.isfinite(w).all() for w in weights.values() if w.dtype.kind == "f"):
        raise ConvertError(f"{origin} holds weights that are not numbers (NaN or infinity)")
    names = [item.name for item in graph.input if item.name not in weights]
    return Graph(names[0], tuple(item.name for item in graph.output), tuple(nodes), weights)


def _node(node: Any) -> Node:
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return Node(node.op_type, tuple(node.input), node.output[0], attributes)


def fold_batch_norm(nodes: list[Node], weights: Weights) -> list[Node]:
    """`nodes` without BatchNormalization; the weights of the convolutions before take it in."""
    made_by = {node.output: node for node in nodes}
    kept: list[Node] = []
    for node in nodes:
        if node.kind != "BatchNormalization":
            kept.append(node)
            continue
        before = made_by[node.inputs[0]]
        at = kept.index(before)
        kept[at] = made_by[node.output] = _absorb(before, node, weights)
    return kept


def _absorb(convolution: Node, norm: Node, weights: Weights) -> Node:
    """The convolution that computes what `norm` made of the output of `convolution`."""
    scale, shift, mean, variance = (weights[name].astype(np.float64) for name in norm.inputs[1:5])
    factor = scale / np.sqrt(variance + norm.attributes.get("epsilon", 1e-5))
    kernel_name, *bias_name = convolution.inputs[1:]
    bias = weights[bias_name[0]] if bias_name else np.zeros_like(mean)
    # Output channels are the first axis of a convolution, the second of a transposed one.
    axis = (1, -1, 1, 1) if convolution.kind == "ConvTranspose" else (-1, 1, 1, 1)
    kernel = weights[kernel_name] * factor.reshape(axis)
    names = (f"{norm.output}/kernel", f"{norm.output}/bias")
    weights[names[0]] = kernel.astype(np.float32)
    weights[names[1]] = (factor * (bias - mean) + shift).astype(np.float32)
    inputs = (convolution.inputs[0], *names)
    return Node(convolution.kind, inputs, norm.output, convolution.attributes)


def _convolution(node: Node, values: Values, weights: Weights) -> Any:
    x = values[node.inputs[0]]
    kernel = weights[node.inputs[1]]
    strides = [1, *node.attributes["strides"], 1]
    x, padding = _padded(x, node, kernel.shape[2:])
    if node.attributes["group"] == 1:
        y = tf.nn.conv2d(x, kernel.transpose(2, 3, 1, 0), strides, padding)
    elif node.attributes["group"] == x.shape[-1]:
        multiplier = kernel.shape[0] // x.shape[-1]
        shape = (x.shape[-1], multiplier, *kernel.shape[2:])
        depthwise = kernel.reshape(shape).transpose(2, 3, 0, 1)
        y = tf.nn.depthwise_conv2d(x, depthwise, strides, padding)
    else:
        raise ConvertError(f"grouped convolution {node.output!r} is not supported")
    return y + weights[node.inputs[2]] if len(node.inputs) > 2 else y


def _padded(x: Any, node: Node, kernel: tuple[int, ...]) -> tuple[Any, str]:
    """The input with the node's zeros round it, and the padding left for TensorFlow to add.

    SAME agrees with ONNX only at stride 1; at stride 2 TensorFlow pads the other side.
    """
    top, left, bottom, right = node.attributes.get("pads", (0, 0, 0, 0))
    if not top + left + bottom + right:
        return x, "VALID"
    height, width = kernel
    same = (top, left) == (bottom, right) == ((height - 1) // 2, (width - 1) // 2)
    if same and tuple(node.attributes["strides"]) == (1, 1):
        return x, "SAME"
    return tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]), "VALID"


def _transposed_convolution(node: Node, values: Values, weights: Weights) -> Any:
    x = values[node.inputs[0]]
    kernel = weights[node.inputs[1]]
    strides = node.attributes["strides"]
    if tuple(strides) != kernel.shape[2:] or any(node.attributes["pads"]):
        raise ConvertError(f"transposed convolution {node.output!r} overlaps: not supported")
    size = [x.shape[0], x.shape[1] * strides[0], x.shape[2] * strides[1], kernel.shape[1]]
    y = tf.nn.conv2d_transpose(x, kernel.transpose(2, 3, 1, 0), size, strides, "VALID")
    return y + weights[node.inputs[2]] if len(node.inputs) > 2 else y


def _max_pool(node: Node, values: Values, _: Weights) -> Any:
    size, strides = node.attributes["kernel_shape"], node.attributes["strides"]
    if any(node.attributes["pads"]) or node.attributes.get("ceil_mode"):
        raise ConvertError(f"padded pooling {node.output!r} is not supported")
    return tf.nn.max_pool2d(values[node.inputs[0]], size, strides, "VALID")


def _resize(node: Node, values: Values, weights: Weights) -> Any:
    x = values[node.inputs[0]]
    factors = weights[node.inputs[2]].astype(int)
    if node.attributes.get("mode") != b"nearest" or list(factors[:2]) != [1, 1]:
        raise ConvertError(f"resizing {node.output!r} is not by nearest neighbours: not supported")
    size = (x.shape[1] * factors[2], x.shape[2] * factors[3])
    return tf.image.resize(x, size, "nearest")


def _transpose(node: Node, values: Values, _: Weights) -> Any:
    if list(node.attributes["perm"]) != TO_NHWC:
        raise ConvertError(f"transposing {node.output!r} other than to NHWC is not supported")
    return values[node.inputs[0]]


def _reshape(node: Node, values: Values, weights: Weights) -> Any:
    return tf.reshape(values[node.inputs[0]], weights[node.inputs[1]])


_OPERATIONS: dict[str, Callable[[Node, Values, Weights], Any]] = {
    "Add": lambda node, values, _: values[node.inputs[0]] + values[node.inputs[1]],
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "MaxPool": _max_pool,
    "Relu": lambda node, values, _: tf.nn.relu(values[node.inputs[0]]),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": lambda node, values, _: tf.sigmoid(values[node.inputs[0]]),
    "Transpose": _transpose,
}
