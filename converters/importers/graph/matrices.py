"""Matrix products, and normalization over a row or a group of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.graph.layout import (
    AXIS,
    Picture,
    Value,
    flat,
    is_open,
    plain,
    positive,
    rank,
    shape,
)
from converters.importers.graph.model import Node


def _gemm(node: Node, given: list[Value]) -> Any:
    a, b = plain(given[0]), plain(given[1])
    a = tf.transpose(a) if node.get("transA") else a
    if not isinstance(b, np.ndarray):
        raise ConvertError("its weights are computed from the picture, which is not supported")
    b = np.ascontiguousarray(b.T) if node.get("transB") else b
    _fitting(a, b)
    y = tf.matmul(a, b * np.float32(node.get("alpha", 1.0)))
    if len(given) < 3 or given[2] is None:
        return y
    return y + given[2] * np.float32(node.get("beta", 1.0))


def _fitting(a: Any, b: Any) -> None:
    if None not in (a.shape[-1], b.shape[-2]) and a.shape[-1] != b.shape[-2]:
        raise ConvertError(
            f"its weights are for {b.shape[-2]} values, but it is given {a.shape[-1]}"
        )


def _product(_: Node, given: list[Value]) -> Any:
    """As NumPy's matmul: rows of matrices, a vector as one row or one column."""
    a, b = (plain(value) for value in given)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.matmul(a, b)
    if rank(b) == 1:
        return tf.squeeze(tf.matmul(a, b[:, None]), -1)
    if rank(a) == 1:
        return tf.squeeze(tf.matmul(a[None], b), -2)
    _fitting(a, b)
    return tf.matmul(a, b)


def _softmax(node: Node, given: list[Value]) -> Value:
    axis = positive(node.get("axis", -1), given[0])
    if node.get("coerced") and rank(given[0]) > 2:  # old versions: over all axes from this one on
        sizes = [-1 if is_open(size) else size for size in shape(given[0])]
        if int(np.prod(sizes[axis + 1 :])) != 1:
            return tf.reshape(tf.nn.softmax(flat(given[0])), sizes)
    if isinstance(given[0], Picture):
        return Picture(tf.nn.softmax(given[0].tensor, AXIS[axis]))
    return tf.nn.softmax(given[0], axis)


def _log_softmax(node: Node, given: list[Value]) -> Any:
    return tf.math.log(plain(_softmax(node, given)))


def _layer_norm(node: Node, given: list[Value]) -> Any:
    """Over all axes from `axis` on."""
    x = plain(given[0])
    y = _normal(x, range(positive(node.get("axis", -1), given[0]), rank(given[0])), node)
    y = y * given[1]
    return y + given[2] if len(given) > 2 and given[2] is not None else y


def _group_norm(node: Node, given: list[Value]) -> Any:
    """Over each of `num_groups` groups of channels; scale and shift for a channel or a group."""
    x, sizes = plain(given[0]), shape(given[0])
    groups = node.get("num_groups")
    y = _normal(tf.reshape(x, (-1, groups, int(np.prod(sizes[1:])) // groups)), [2], node)
    y = tf.reshape(y, (-1, *sizes[1:]))
    return y * _for_channels(given[1], sizes) + _for_channels(given[2], sizes)


def _for_channels(values: Any, sizes: list[int]) -> Any:
    """One value a channel, in a form that broadcasts; before opset 21 it is one a group."""
    whole = np.repeat(values, sizes[1] // len(values))
    return whole.reshape((-1, *(1 for _ in sizes[2:])))


def _instance_norm(node: Node, given: list[Value]) -> Value:
    """Over each channel's places."""
    if isinstance(given[0], Picture):
        return Picture(_normal(given[0].tensor, [1, 2], node) * given[1] + given[2])
    sizes = shape(given[0])
    y = _normal(given[0], range(2, len(sizes)), node)
    return y * _for_channels(given[1], sizes) + _for_channels(given[2], sizes)


def _normal(x: Any, axes: Any, node: Node) -> Any:
    mean, variance = tf.nn.moments(x, list(axes), keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + node.get("epsilon", 1e-5))


OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    "Gemm": _gemm,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _log_softmax,
    "MatMul": _product,
    "Softmax": _softmax,
}
