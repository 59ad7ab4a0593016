"""Where a value's channels are: a picture is kept N × H × W × C though the graph counts C first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError


@dataclass(frozen=True, slots=True)
class Picture:
    """A value that the graph counts N × C × H × W; `tensor` is N × H × W × C."""

    tensor: Any


Value: TypeAlias = Any
"""A Picture, a tensor in the graph's own order, or a NumPy array that no input has a part in."""

BATCH = 1_000_003
"""The size of the batch, which is open: a prime, so that what a graph makes of it (batch × heads)
can be told from other sizes, and divided again."""
TO_LAST = (0, 2, 3, 1)
TO_FIRST = (0, 3, 1, 2)
AXIS = {0: 0, 1: 3, 2: 1, 3: 2}
"""The graph's axis → the picture's."""


def rank(value: Value) -> int:
    """How many axes."""
    return 4 if isinstance(value, Picture) else len(value.shape)


def shape(value: Value) -> list[int]:
    """The shape in the graph's order; BATCH for the batch."""
    if isinstance(value, Picture):
        n, h, w, c = value.tensor.shape
        sizes = [n, c, h, w]
    else:
        sizes = list(value.shape)
    return [BATCH if size is None else int(size) for size in sizes]


def is_open(size: int) -> bool:
    """Whether the size is the batch's, or a multiple of it."""
    return size != 0 and size % BATCH == 0


def positive(axis: int, value: Value) -> int:
    """A negative axis counted from the front."""
    return axis + rank(value) if axis < 0 else axis


def picture(value: Value) -> Any:
    """The value as an N × H × W × C tensor."""
    if isinstance(value, Picture):
        return value.tensor
    if rank(value) != 4:
        raise ConvertError(f"a picture was expected, not a value with {rank(value)} axes")
    if isinstance(value, np.ndarray):
        return value.transpose(TO_LAST)
    return tf.transpose(value, TO_LAST)


def plain(value: Value) -> Any:
    """The value in the graph's own order."""
    if not isinstance(value, Picture):
        return value
    _, height, width, channels = value.tensor.shape
    if height == width == 1:  # nothing changes places
        return tf.reshape(value.tensor, (-1, channels, 1, 1))
    return tf.transpose(value.tensor, TO_FIRST)


def flat(value: Value) -> Any:
    """The value as N × everything else, in the graph's order."""
    size = int(np.prod(shape(value)[1:]))
    if isinstance(value, Picture) and 1 in (size, *shape(value)[1:2]):
        return tf.reshape(value.tensor, (-1, size))
    if isinstance(value, Picture) and shape(value)[2:] == [1, 1]:
        return tf.reshape(value.tensor, (-1, size))
    return tf.reshape(plain(value), (-1, size))


def elementwise(function: Callable[..., Any], *values: Value) -> Value:
    """A function of single numbers, broadcast as ONNX does."""
    if not any(isinstance(value, Picture) for value in values):
        if all(isinstance(value, np.ndarray) for value in values):
            return np.asarray(function(*values))
        return function(*values)
    return Picture(function(*(_beside(value) for value in values)))


def _beside(value: Value) -> Any:
    """The value in a form that broadcasts against a picture's tensor."""
    if isinstance(value, Picture):
        return value.tensor
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.reshape(())
    if isinstance(value, np.ndarray) and rank(value) <= 4:
        return value.reshape((1,) * (4 - rank(value)) + value.shape).transpose(TO_LAST)
    return picture(value)
