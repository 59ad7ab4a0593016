"""Operations on shapes and axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.graph.layout import (
    AXIS,
    BATCH,
    TO_FIRST,
    TO_LAST,
    Picture,
    Value,
    flat,
    is_open,
    plain,
    positive,
    rank,
    shape,
)
from converters.importers.graph.model import FINITE, Node


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
    target = _filled(_with_batch(target, sizes), sizes)
    if len(target) == 2 and target == [BATCH, int(np.prod(sizes)) // BATCH]:
        return flat(value)
    return tf.reshape(plain(value), [-1 if is_open(size) else size for size in target])


def _with_batch(target: list[int], sizes: list[int]) -> list[int]:
    """The shape of a file that was written for one picture, its 1 made the batch's size again."""
    known = [size for size in target if size != -1]
    place = next((axis for axis, size in enumerate(sizes) if is_open(size)), None)
    if place is None or any(map(is_open, target)):
        return target
    if place < len(target) and target[place] == 1:
        return [BATCH if axis == place else size for axis, size in enumerate(target)]
    if len(known) < len(target) and np.prod(known) == np.prod(sizes) // BATCH:
        return [BATCH if size == -1 else size for size in target]
    return target


def _filled(target: list[int], sizes: list[int]) -> list[int]:
    """The shape, its open size, if any, computed."""
    if target.count(-1) != 1:
        return target
    known = -int(np.prod(target))
    return [int(np.prod(sizes)) // known if one == -1 else one for one in target]


def _flatten(node: Node, given: list[Value]) -> Value:
    axis = positive(node.get("axis", 1), given[0])
    if axis == 1:
        return flat(given[0])
    left, right = (int(np.prod(part)) for part in np.split(shape(given[0]), [axis]))
    return tf.reshape(plain(given[0]), [-1 if is_open(n) else n for n in (left, right)])


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
    parts = [plain(value) for value in given]
    counted = next(part for part in parts if not _fixed(part))
    return tf.concat([_for_each(part, counted) for part in parts], node.get("axis"))


def _for_each(part: Value, counted: Any) -> Value:
    """A constant that is given once, once for each picture of the batch."""
    if not _fixed(part) or part.ndim == 0 or part.shape[0] != 1 or counted.shape[0] is not None:
        return part
    return tf.broadcast_to(part, tf.concat([tf.shape(counted)[:1], part.shape[1:]], 0))


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
    fill = float(np.clip(np.ravel(value)[0], *FINITE))
    return wrap(tf.pad(x, border, node.get("mode", "constant"), fill))


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
    """Sizes of 1 repeated. The batch's is left 1: what follows broadcasts it."""
    target = [1 if is_open(int(size)) else int(size) for size in np.atleast_1d(given[1])]
    if _fixed(given[0]):
        return np.broadcast_to(given[0], np.broadcast_shapes(given[0].shape, tuple(target)))
    x = plain(given[0])
    return x * tf.ones(target, x.dtype)


def _filled_with(node: Node, given: list[Value]) -> Any:
    sizes = [1 if is_open(int(size)) else int(size) for size in np.atleast_1d(given[0])]
    return np.full(sizes, np.ravel(node.get("value", np.float32(0)))[0])


def _tile(node: Node, given: list[Value]) -> Value:
    repeats = _list(node, given, "repeats", 1) or []
    if _fixed(given[0]):
        return np.tile(given[0], repeats)
    return tf.tile(plain(given[0]), repeats)


OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    "ArgMax": _arg_max,
    "Concat": _concat,
    "ConstantOfShape": _filled_with,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Pad": _pad,
    "Range": lambda _, given: np.arange(*(np.ravel(value)[0] for value in given)),
    "ReduceL1": _reduce(lambda x, **how: tf.reduce_sum(tf.abs(x), **how)),
    "ReduceL2": _reduce(lambda x, **how: tf.sqrt(tf.reduce_sum(x * x, **how))),
    "ReduceMax": _reduce(tf.reduce_max),
    "ReduceMean": _reduce(tf.reduce_mean),
    "ReduceMin": _reduce(tf.reduce_min),
    "ReduceProd": _reduce(tf.reduce_prod),
    "ReduceSum": _reduce(tf.reduce_sum),
    "ReduceSumSquare": _reduce(lambda x, **how: tf.reduce_sum(x * x, **how)),
    "Reshape": _reshape,
    "Shape": lambda _, given: np.array(shape(given[0]), np.int64),
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
