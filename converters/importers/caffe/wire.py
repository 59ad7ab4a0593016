"""Protobuf's binary form, as far as Caffe's weight files need it.

A message is a row of (field number, wire type, value); nested messages are bytes until somebody
asks for their fields. Numbers in the hundreds of millions stay views of the file.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

VARINT, WIDE, BYTES, NARROW = 0, 1, 2, 5
FIXED = {WIDE: 8, NARROW: 4}


class Damaged(ValueError):
    """The bytes are no protobuf message, or end early."""


def varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends."""
    value = shift = 0
    while at < len(content) and shift < 70:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise Damaged("a number ends early")


def fields(content: memoryview) -> dict[int, list[memoryview | int]]:
    """Field number → its values in order: whole numbers, or the bytes of everything else."""
    found: dict[int, list[memoryview | int]] = defaultdict(list)
    at = 0
    while at < len(content):
        key, at = varint(content, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise Damaged("a field has no number")
        if kind == VARINT:
            value, at = varint(content, at)
            found[number].append(value)
            continue
        if kind == BYTES:
            size, at = varint(content, at)
        elif kind in FIXED:
            size = FIXED[kind]
        else:
            raise Damaged(f"a field has the unknown kind {kind}")
        if at + size > len(content):
            raise Damaged("a field ends early")
        found[number].append(content[at : at + size])
        at += size
    return found


def messages(values: list[memoryview | int]) -> list[memoryview]:
    """Those of a field's values that are bytes."""
    return [value for value in values if not isinstance(value, int)]


def text(values: list[memoryview | int]) -> str:
    """The last of a field's values, as text."""
    parts = messages(values)
    return bytes(parts[-1]).decode("utf-8", "replace") if parts else ""


def whole_numbers(values: list[memoryview | int]) -> list[int]:
    """A repeated whole number, packed or not."""
    found: list[int] = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = varint(value, at)
            found.append(number)
    return found


def numbers(values: list[memoryview | int], dtype: str) -> NDArray[np.float32]:
    """A repeated float (`<f4`) or double (`<f8`), packed or not, as float32."""
    parts = messages(values)
    if any(len(part) % np.dtype(dtype).itemsize for part in parts):
        raise Damaged("an array of numbers ends early")
    if not parts:
        return np.empty(0, np.float32)
    whole = parts[0] if len(parts) == 1 else b"".join(parts)
    return np.frombuffer(whole, dtype).astype(np.float32)
