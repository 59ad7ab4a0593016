"""The plain arrays in a joblib file, read without unpickling.

Such a file is a pickle with each array's values between its instructions. A pickle can run any
program when loaded, so none is: the instructions are only looked at (`pickletools`), the shapes
and types taken from the literals in them, and the values read in between. What is no list of
little-endian float32 arrays is refused.
"""

from __future__ import annotations

import io
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError

PUSHED = ("SHORT_BINUNICODE", "BINUNICODE")
NUMBERS = ("BININT", "BININT1", "BININT2")
TUPLES = ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_TUPLE")


def arrays(content: bytes) -> list[NDArray[np.float32]]:
    """The arrays in order; ConvertError where the file is anything else or ends early."""
    found: list[NDArray[np.float32]] = []
    memory: list[Any] = []
    at = 0
    try:
        while at < len(content):
            shape, kind, at, ended = _wrapper(content, at, memory)
            if ended and found:
                return found
            values, at = _values(content, at, shape, kind)
            found.append(values)
    except (ValueError, IndexError, KeyError) as error:
        raise ConvertError("the weights are truncated, or no joblib file of arrays") from error
    raise ConvertError("the weights are truncated, or no joblib file of arrays")


def _wrapper(content: bytes, at: int, memory: list[Any]) -> tuple[tuple[int, ...], str, int, bool]:
    """Look at the instructions that announce an array → shape, type, where its values begin."""
    shape: tuple[int, ...] = ()
    kind = ""
    key: Any = None
    last: Any = None
    numbers: list[int] = []
    argument: Any
    place: Any
    for operation, argument, place in pickletools.genops(io.BytesIO(content[at:])):
        name = operation.name
        if name == "STOP":
            return shape, kind, at, True
        if name in PUSHED or name in ("BINGET", "LONG_BINGET"):
            last = memory[argument] if "GET" in name else argument
            if key == "dtype" and last in ("f4", "float32"):
                kind = last
            if last in ("shape", "dtype"):
                key, numbers = last, []
        elif name in NUMBERS:
            numbers.append(argument)
        elif name in TUPLES and key == "shape":
            shape, key = tuple(numbers), None
        elif name == "MEMOIZE":
            memory.append(last)
        elif name == "BUILD" and shape and _announced(content, at + place + 1):
            return shape, kind, at + place + 1, False
    raise ValueError("no end")


def _announced(content: bytes, at: int) -> bool:
    """Whether values follow: they begin with the length of their padding, then that padding."""
    length = content[at]
    return 0 < length <= 16 and content[at + 1 : at + 1 + length] == b"\xff" * length


def _values(
    content: bytes, at: int, shape: tuple[int, ...], kind: str
) -> tuple[NDArray[np.float32], int]:
    if kind not in ("f4", "float32"):
        raise ValueError("not float32")
    start = at + 1 + content[at]
    end = start + 4 * int(np.prod(shape))
    if end > len(content):
        raise ValueError("the values end early")
    return np.frombuffer(content[start:end], "<f4").reshape(shape), end
