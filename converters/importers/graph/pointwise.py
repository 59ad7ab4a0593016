"""Operations on each number alone, and those that broadcast."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import tensorflow as tf

from converters.importers.graph.layout import Value, elementwise, rank
from converters.importers.graph.model import Node

BOOL = 9
"""TensorProto.BOOL"""
Operation = Callable[[Node, list[Value]], Any]


def _one(function: Callable[[Any], Any]) -> Operation:
    return lambda _, given: elementwise(function, given[0])


def _two(function: Callable[[Any, Any], Any]) -> Operation:
    return lambda _, given: elementwise(function, given[0], given[1])


def _many(function: Callable[[Any, Any], Any]) -> Operation:
    return lambda _, given: reduce(lambda a, b: elementwise(function, a, b), given)


def _mean(_: Node, given: list[Value]) -> Value:
    total = reduce(lambda a, b: elementwise(lambda x, y: x + y, a, b), given)
    return elementwise(lambda x: x * np.float32(1 / len(given)), total)


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) and a.dtype.kind == "i":
        return a // b
    return a / b


def _leaky(node: Node, given: list[Value]) -> Value:
    return elementwise(lambda x: tf.nn.leaky_relu(x, node.get("alpha", 0.01)), given[0])


def _prelu(_: Node, given: list[Value]) -> Value:
    # In the form that the TFLite converter takes for one operation.
    return elementwise(lambda x, a: tf.nn.relu(x) - a * tf.nn.relu(-x), given[0], given[1])


def _elu(node: Node, given: list[Value]) -> Value:
    alpha = node.get("alpha", 1.0)
    if alpha == 1.0:
        return elementwise(tf.nn.elu, given[0])
    return elementwise(lambda x: tf.nn.relu(x) + alpha * (tf.exp(-tf.nn.relu(-x)) - 1), given[0])


def _clip(node: Node, given: list[Value]) -> Value:
    limits: list[Any] = [node.get("min"), node.get("max")]
    limits = [
        float(given[i + 1]) if len(given) > i + 1 and given[i + 1] is not None else limits[i]
        for i in (0, 1)
    ]
    low, high = limits
    if (low, high) == (0.0, 6.0):
        return elementwise(tf.nn.relu6, given[0])
    x = given[0]
    if low == 0:
        x = elementwise(tf.nn.relu, x)
    elif low is not None:
        x = elementwise(lambda v: tf.maximum(v, np.float32(low)), x)
    if high is not None:
        x = elementwise(lambda v: tf.minimum(v, np.float32(high)), x)
    return x


def _celu(node: Node, given: list[Value]) -> Value:
    alpha = node.get("alpha", 1.0)
    return elementwise(
        lambda x: tf.nn.relu(x) + alpha * (tf.exp(-tf.nn.relu(-x) / alpha) - 1), given[0]
    )


def _where(_: Node, given: list[Value]) -> Value:
    return elementwise(tf.where, *given)


def _hard_sigmoid(node: Node, given: list[Value]) -> Value:
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    return elementwise(lambda x: tf.clip_by_value(x * alpha + beta, 0, 1), given[0])


def _batch_norm(node: Node, given: list[Value]) -> Value:
    """(x − mean) / √(variance + ε) × scale + shift, as one multiplication and one addition."""
    scale, shift, mean, variance = (part.astype(np.float64) for part in given[1:5])
    factor = scale / np.sqrt(variance + node.get("epsilon", 1e-5))
    offset = shift - mean * factor
    axes = (-1, *(1 for _ in range(rank(given[0]) - 2)))
    a, b = (part.astype(np.float32).reshape(axes) for part in (factor, offset))
    return elementwise(lambda x, y, z: x * y + z, given[0], a, b)


ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def _erf(x: Any) -> Any:
    """Abramowitz and Stegun 7.1.26, to 1.5e-7: TFLite has no operation for it."""
    t = 1 / (1 + 0.3275911 * tf.abs(x))
    sum_of_powers = reduce(lambda total, factor: (total + factor) * t, reversed(ERF), 0.0 * t)
    return tf.sign(x) * (1 - sum_of_powers * tf.exp(-x * x))


def _gelu(node: Node, given: list[Value]) -> Value:
    if node.get("approximate") == "tanh":
        return elementwise(lambda x: tf.nn.gelu(x, approximate=True), given[0])
    return elementwise(lambda x: 0.5 * x * (1 + _erf(x * np.float32(0.5**0.5))), given[0])


OPERATIONS: dict[str, Operation] = {
    "Abs": _one(abs),
    "Add": _two(lambda a, b: a + b),
    "And": _two(tf.logical_and),
    "BatchNormalization": _batch_norm,
    "Cast": lambda node, given: _cast(node, given[0]),
    "Ceil": _one(tf.math.ceil),
    "Celu": _celu,
    "Clip": _clip,
    "Div": _two(_divide),
    "Dropout": lambda _, given: given[0],
    "Elu": _elu,
    "Equal": _two(lambda a, b: a == b),
    "Erf": _one(_erf),
    "Exp": _one(tf.exp),
    "Floor": _one(tf.floor),
    "Gelu": _gelu,
    "Greater": _two(lambda a, b: a > b),
    "GreaterOrEqual": _two(lambda a, b: a >= b),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _one(lambda x: x * tf.nn.relu6(x + 3) * np.float32(1 / 6)),
    "Identity": lambda _, given: given[0],
    "LeakyRelu": _leaky,
    "Less": _two(lambda a, b: a < b),
    "LessOrEqual": _two(lambda a, b: a <= b),
    "Log": _one(tf.math.log),
    "Max": _many(tf.maximum),
    "Mean": _mean,
    "Min": _many(tf.minimum),
    "Mish": _one(lambda x: x * tf.tanh(tf.math.softplus(x))),
    "Mod": _two(lambda a, b: a % b),
    "Mul": _two(lambda a, b: a * b),
    "Neg": _one(lambda x: -x),
    "Not": _one(tf.logical_not),
    "Or": _two(tf.logical_or),
    "PRelu": _prelu,
    "Pow": _two(lambda a, b: a * a if np.ndim(b) == 0 and b == 2 else tf.pow(a, b)),
    "Reciprocal": _one(lambda x: 1 / x),
    "Relu": _one(tf.nn.relu),
    "Round": _one(tf.round),
    "Selu": _one(tf.nn.selu),
    "Sigmoid": _one(tf.sigmoid),
    "Sign": _one(tf.sign),
    "Softplus": _one(tf.math.softplus),
    "Softsign": _one(tf.nn.softsign),
    "Sqrt": _one(tf.sqrt),
    "Sub": _two(lambda a, b: a - b),
    "Sum": _many(lambda a, b: a + b),
    "Tanh": _one(tf.tanh),
    "Where": _where,
}


def _cast(node: Node, value: Value) -> Value:
    """Shapes stay whole numbers; everything that is computed with is float32."""
    if isinstance(value, np.ndarray):
        kind = {BOOL: np.bool_, 6: np.int64, 7: np.int64}.get(node.get("to"), np.float32)
        return value.astype(kind)
    truth = node.get("to") == BOOL
    return elementwise(lambda x: tf.cast(x, tf.bool if truth else tf.float32), value)
