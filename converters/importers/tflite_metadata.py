"""TensorFlow Lite Metadata: what a .tflite file says of itself, where its author wrote it in.

A flatbuffer of its own, in the buffer that the file calls TFLITE_METADATA, by the schema
metadata_schema.fbs of tflite-support; label files are in a ZIP behind the file. Only what a card's
template needs is read: the field numbers below are the schema's.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

NAME = "TFLITE_METADATA"
TEXT_MAX = 2000
LABELS_MAX_BYTES = 1 << 20
NORMALIZATION = 1
"""ProcessUnitOptions.NormalizationOptions"""
# ModelMetadata
MODEL_NAME, MODEL_DESCRIPTION, SUBGRAPHS, AUTHOR, LICENSE = 0, 1, 3, 4, 5
# SubGraphMetadata
INPUTS, OUTPUTS = 2, 3
# TensorMetadata
TENSOR_NAME, UNITS, FILES = 0, 4, 6
# ProcessUnit; NormalizationOptions; AssociatedFile
OPTIONS_TYPE, OPTIONS = 0, 1
MEAN, STD = 0, 1
FILE_NAME = 0


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; empty where nothing is said.

    mean, std: normalized = (pixel − mean) / std, one value or one a channel. labels: of each
    output, in their order; names: what the outputs are called.
    """

    description: str = ""
    author: str = ""
    licence: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ()


def read(content: bytes) -> Metadata:
    """The metadata in a .tflite file's bytes; empty where there is none, or it is damaged."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() == NAME.encode():
            buffer = model.Buffers(entry.Buffer()).DataAsNumpy()
            try:
                return _parsed(bytes(buffer), _files(content))
            except (IndexError, ValueError, TypeError, OverflowError, struct.error):
                return Metadata()
    return Metadata()


def _files(content: bytes) -> dict[str, bytes]:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {item.filename: archive.read(item) for item in archive.infolist()
                if item.file_size <= LABELS_MAX_BYTES}  # fmt: skip


def _parsed(buffer: bytes, files: dict[str, bytes]) -> Metadata:
    root = _Table.root(buffer)
    graphs = root.tables(SUBGRAPHS)
    inputs = graphs[0].tables(INPUTS) if graphs else []
    outputs = graphs[0].tables(OUTPUTS) if graphs else []
    mean, std = _normalization(inputs[0]) if inputs else ((), ())
    return Metadata(
        root.text(MODEL_DESCRIPTION) or root.text(MODEL_NAME),
        root.text(AUTHOR),
        root.text(LICENSE),
        mean,
        std,
        tuple(output.text(TENSOR_NAME) for output in outputs),
        tuple(_labels(output, files) for output in outputs),
    )


def _normalization(tensor: _Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    for unit in tensor.tables(UNITS):
        options = unit.table(OPTIONS)
        if unit.byte(OPTIONS_TYPE) == NORMALIZATION and options is not None:
            return options.floats(MEAN), options.floats(STD)
    return (), ()


def _labels(tensor: _Table, files: dict[str, bytes]) -> tuple[str, ...]:
    for one in tensor.tables(FILES):
        text = files.get(one.text(FILE_NAME), b"").decode("utf-8", "replace")
        if lines := tuple(line.strip() for line in text.splitlines() if line.strip()):
            return lines
    return ()


class _Table:
    """A table of a flatbuffer whose schema has no code here."""

    def __init__(self, buffer: bytes, place: int) -> None:
        from flatbuffers.table import Table

        self._table = Table(buffer, place)

    @classmethod
    def root(cls, buffer: bytes) -> _Table:
        """The table that a flatbuffer begins with."""
        return cls(buffer, int.from_bytes(buffer[:4], "little"))

    def _at(self, field: int) -> int:
        """Where a field's value is; 0 for none."""
        offset: int = self._table.Offset(4 + 2 * field)
        return offset and offset + self._table.Pos

    def text(self, field: int) -> str:
        """A text, '' for none."""
        at = self._at(field)
        return self._table.String(at).decode("utf-8", "replace")[:TEXT_MAX] if at else ""

    def byte(self, field: int) -> int:
        """A small number, 0 for none."""
        at = self._at(field)
        return self._table.Bytes[at] if at else 0

    def table(self, field: int) -> _Table | None:
        """A table inside this one."""
        at = self._at(field)
        return _Table(self._table.Bytes, self._table.Indirect(at)) if at else None

    def tables(self, field: int) -> list[_Table]:
        """The tables of a list."""
        at = self._table.Offset(4 + 2 * field)
        if not at:
            return []
        start, length = self._table.Vector(at), self._table.VectorLen(at)
        places = [start + 4 * index for index in range(length)]
        return [_Table(self._table.Bytes, self._table.Indirect(place)) for place in places]

    def floats(self, field: int) -> tuple[float, ...]:
        """The numbers of a list."""
        at = self._table.Offset(4 + 2 * field)
        if not at:
            return ()
        start, length = self._table.Vector(at), self._table.VectorLen(at)
        values: Any = np.frombuffer(self._table.Bytes, np.float32, length, start)
        return tuple(float(value) for value in values)
