"""A `.params` file → its arrays by name, read without mxnet and without unpickling anything.

The file is a little-endian list: magic, a reserved word, the count, then for each array its own
magic, storage type, shape, device, type and values; then the names. Older arrays have no storage
type, the oldest no magic either and 32-bit shapes.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError

Array = NDArray[np.float32]

LIST_MAGIC = 0x112
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
MOST_AXES = 6
TYPES = {0: "<f4", 1: "<f8", 2: "<f2", 3: "u1", 4: "<i4", 5: "i1", 6: "<i8"}


def read(content: bytes) -> dict[str, Array]:
    """Name ('arg:…' or 'aux:…') → array; ConvertError where the file is damaged."""
    try:
        reader = _Reader(content)
        magic, _, count = reader.take("<QQQ")
        if magic != LIST_MAGIC:
            raise ConvertError("this is no mxnet parameter file")
        arrays = [_array(reader) for _ in range(count)]
        (named,) = reader.take("<Q")
        names = [reader.raw(reader.take("<Q")[0]).decode() for _ in range(named)]
        return dict(zip(names, arrays, strict=True))
    except (struct.error, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise ConvertError("the mxnet parameters are truncated or damaged") from error


def _array(reader: _Reader) -> Array:
    (magic,) = reader.take("<I")
    if magic in (V2, V3):
        (storage,) = reader.take("<i")
        if storage != 0:
            raise ValueError("not a dense array")
    axes = reader.take("<I")[0] if magic in (V1, V2, V3) else magic
    if axes > MOST_AXES:
        raise ValueError("not a dense array")
    shape = reader.take(f"<{axes}q" if magic in (V1, V2, V3) else f"<{axes}I")
    _, _, kind = reader.take("<iii")
    if kind not in TYPES or any(size < 0 for size in shape):
        raise ValueError("not an array of numbers")
    dtype = np.dtype(TYPES[kind])
    size = dtype.itemsize
    for axis in shape:
        size *= axis
    return np.frombuffer(reader.raw(size), dtype).reshape(shape).astype(np.float32)


class _Reader:
    """Reads on from where it stands; ValueError at the end of the content."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def raw(self, size: int) -> bytes:
        part = self._content[self._at : self._at + size]
        if size < 0 or len(part) != size:
            raise ValueError("the file ends early")
        self._at += size
        return part

    def take(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.raw(struct.calcsize(layout)))
