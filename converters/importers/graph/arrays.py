"""Operations on shapes and axes, and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.graph.layout import (
    AXIS,
    TO_FIRST,
    TO_LAST,
    Picture,
    Value,
    flat,
    plain,
    positive,
    rank,
    shape,
)
from converters.importers.graph.model import Node


def _fixed(value: Value) -> bool:
    return isinstance(value, np.ndarray)


def _on_axis(value: Value, axis: int) -> tuple[Any, int, Callable[[Any], Value]]:
    """The value's tensor, the axis in it, and how a result of the same layout is wrapped."""
    axis = positive(axis, value)
    if isinstance(value, Picture):
        return value.tensor, AXIS[axis], Picture
    return value, axis, lambda made: made


def _list(node: Node, given: list[Value], name: str, at: int) -> list[int] | None:
    """An attribute of old versions, an input of new ones."""
    if len(given) > at and given[at] is not None:
        return [int(number) for number in np.atleast_1d(given[at])]
    found = node.get(name)
    return None if found is None else [int(number) for number in np.atleast_1d(found)]


def _reshape(node: Node, given: list[Value]) -> Value:
    target = _list(node, given, "shape", 1)
    if target is None:
        raise ConvertError("it has no target shape")
    value = given[0]
    if _fixed(value):
        return value.reshape(target)
    sizes = shape(value)
    if not node.get("allowzero"):
        target = [sizes[i] if size == 0 else size for i, size in enumerate(target)]
    if target[0] in (-1, 1, sizes[0]):
        target = [-1, *_filled(target[1:], int(np.prod(sizes[1:])))]
    if len(target) == 2 and target[1] == np.prod(sizes[1:]):
        return flat(value)
    return tf.reshape(plain(value), target)


def _filled(target: list[int], size: int) -> list[int]:
    """The shape of one item with its open size, if any, computed."""
    if target.count(-1) != 1:
        return target
    known = -int(np.prod(target))
    return [size // known if one == -1 else one for one in target]


def _flatten(node: Node, given: list[Value]) -> Value:
    axis = positive(node.get("axis", 1), given[0])
    if axis == 1:
        return flat(given[0])
    sizes = shape(given[0])
    return tf.reshape(plain(given[0]), (-1, int(np.prod(sizes[axis:]))))


def _squeeze(node: Node, given: list[Value]) -> Value:
    axes = _list(node, given, "axes", 1)
    if _fixed(given[0]):
        return given[0].squeeze(None if axes is None else tuple(axes))
    if axes is None:
        axes = [axis for axis, size in enumerate(shape(given[0])) if size == 1 and axis]
    axes = sorted(positive(axis, given[0]) for axis in axes)
    if isinstance(given[0], Picture) and axes == [2, 3]:
        return tf.squeeze(given[0].tensor, (1, 2))
    return tf.squeeze(plain(given[0]), axes)


def _unsqueeze(node: Node, given: list[Value]) -> Value:
    x = plain(given[0])
    axes = _list(node, given, "axes", 1) or []
    total = rank(x) + len(axes)
    for axis in sorted(axis % total for axis in axes):
        x = np.expand_dims(x, axis) if _fixed(x) else tf.expand_dims(x, axis)
    return x


def _transpose(node: Node, given: list[Value]) -> Value:
    value = given[0]
    order = tuple(node.get("perm") or range(rank(value))[::-1])
    if _fixed(value):
        return value.transpose(order)
    if isinstance(value, Picture) and order == TO_LAST:
        return value.tensor
    if not isinstance(value, Picture) and order == TO_FIRST:
        return Picture(value)
    return tf.transpose(plain(value), order)


def _concat(node: Node, given: list[Value]) -> Value:
    if all(_fixed(value) for value in given):
        return np.concatenate([np.atleast_1d(value) for value in given], node.get("axis"))
    if all(isinstance(value, Picture) for value in given):
        axis = AXIS[positive(node.get("axis"), given[0])]
        return Picture(tf.concat([value.tensor for value in given], axis))
    return tf.concat([plain(value) for value in given], node.get("axis"))


def _split(node: Node, given: list[Value]) -> list[Value]:
    x, axis, wrap = _on_axis(given[0], node.get("axis", 0))
    sizes = _list(node, given, "split", 1) or len(node.outputs)
    return [wrap(part) for part in tf.split(x, sizes, axis)]


def _slice(node: Node, given: list[Value]) -> Value:
    starts, ends = _list(node, given, "starts", 1) or [], _list(node, given, "ends", 2) or []
    axes = _list(node, given, "axes", 3) or list(range(len(starts)))
    steps = _list(node, given, "steps", 4) or [1] * len(starts)
    x, _, wrap = _on_axis(given[0], 0)
    cut = [slice(None)] * rank(given[0])
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        *_, place, _ = (*_on_axis(given[0], axis),)
        cut[place] = slice(start, None if end >= 2**31 - 1 else end, step)
    return wrap(x[tuple(cut)])


def _gather(node: Node, given: list[Value]) -> Value:
    axis = node.get("axis", 0)
    if _fixed(given[0]):
        return np.asarray(np.take(given[0], given[1], axis))
    x, axis, wrap = _on_axis(given[0], axis)
    if np.ndim(given[1]) == 1:
        return wrap(tf.gather(x, given[1], axis=axis))
    return tf.gather(plain(given[0]), given[1], axis=positive(node.get("axis", 0), given[0]))


def _pad(node: Node, given: list[Value]) -> Value:
    pads = _list(node, given, "pads", 1) or []
    if node.get("mode", "constant") not in ("constant", "reflect"):
        raise ConvertError(f"padding by {node.get('mode')} is not supported")
    x, _, wrap = _on_axis(given[0], 0)
    half = len(pads) // 2
    border = [[0, 0]] * half
    for axis in range(half):
        border[AXIS[axis] if wrap is Picture else axis] = [pads[axis], pads[axis + half]]
    value = given[2] if len(given) > 2 and given[2] is not None else node.get("value", 0.0)
    return wrap(tf.pad(x, border, node.get("mode", "constant"), float(np.ravel(value)[0])))


def _gemm(node: Node, given: list[Value]) -> Any:
    a, b = plain(given[0]), plain(given[1])
    a = tf.transpose(a) if node.get("transA") else a
    if not _fixed(b):
        raise ConvertError("its weights are computed from the picture, which is not supported")
    b = np.ascontiguousarray(b.T) if node.get("transB") else b
    if a.shape[-1] != b.shape[0]:
        raise ConvertError(
            f"its weights are for {b.shape[0]} values, but it is given {a.shape[-1]}"
        )
    y = tf.matmul(a, b * np.float32(node.get("alpha", 1.0)))
    if len(given) < 3 or given[2] is None:
        return y
    return y + given[2] * np.float32(node.get("beta", 1.0))


def _softmax(node: Node, given: list[Value]) -> Value:
    axis = positive(node.get("axis", -1), given[0])
    if node.get("coerced") and rank(given[0]) > 2:  # old versions: over all axes from this one on
        sizes = [-1 if size < 0 else size for size in shape(given[0])]
        if int(np.prod(sizes[axis + 1 :])) != 1:
            return tf.reshape(tf.nn.softmax(flat(given[0])), sizes)
    x, axis, wrap = _on_axis(given[0], axis)
    return wrap(tf.nn.softmax(x, axis))


def _reduce(function: Callable[..., Any]) -> Callable[[Node, list[Value]], Value]:
    def run(node: Node, given: list[Value]) -> Value:
        axes = _list(node, given, "axes", 1)
        if axes is None:
            axes = list(range(rank(given[0])))
        keep = bool(node.get("keepdims", 1))
        places = [_on_axis(given[0], axis)[1] for axis in axes]
        if isinstance(given[0], Picture) and (keep or sorted(places) == [1, 2]):
            made = function(given[0].tensor, axis=places, keepdims=keep)
            return Picture(made) if keep else made
        places = [positive(axis, given[0]) for axis in axes]
        return function(plain(given[0]), axis=places, keepdims=keep)

    return run


def _arg_max(node: Node, given: list[Value]) -> Any:
    x = tf.argmax(plain(given[0]), positive(node.get("axis", 0), given[0]))
    x = tf.cast(x, tf.float32)
    return tf.expand_dims(x, node.get("axis", 0)) if node.get("keepdims", 1) else x


def _expand(_: Node, given: list[Value]) -> Value:
    if _fixed(given[0]):
        return np.broadcast_to(given[0], np.abs(given[1]))
    raise ConvertError("expanding what comes from the picture is not supported")


OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    "ArgMax": _arg_max,
    "Concat": _concat,
    "ConstantOfShape": lambda node, given: np.full(given[0], np.ravel(node.get("value", 0.0))[0]),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "LogSoftmax": lambda node, given: tf.math.log(plain(_softmax(node, given))),
    "MatMul": _gemm,
    "Pad": _pad,
    "ReduceL2": _reduce(lambda x, **how: tf.sqrt(tf.reduce_sum(x * x, **how))),
    "ReduceMax": _reduce(tf.reduce_max),
    "ReduceMean": _reduce(tf.reduce_mean),
    "ReduceMin": _reduce(tf.reduce_min),
    "ReduceSum": _reduce(tf.reduce_sum),
    "Reshape": _reshape,
    "Shape": lambda _, given: np.array(shape(given[0]), np.int64),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
