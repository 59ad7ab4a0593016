"""The weights beside a model.json of TensorFlow.js: named arrays in binary files of 4 MB each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError

Arrays = dict[str, NDArray[Any]]
PLAIN = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1}
LARGEST_BYTES = 8 << 30


def arrays(path: Path, manifest: Any) -> Arrays:
    """Name → array, of all groups of the manifest; ConvertError for what is missing or damaged."""
    found: Arrays = {}
    try:
        for group in manifest:
            content = b"".join(_file(path, name) for name in group["paths"])
            found |= _cut(group["weights"], content, path.name)
    except (KeyError, TypeError, ValueError) as error:
        raise ConvertError(f"{path.name} lists its weights in a way that can't be read") from error
    return found


def _file(path: Path, name: str) -> bytes:
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise ConvertError(f"{path.name} keeps weights outside of its folder, in {name}: refused")
    place = path.parent / name
    try:
        return place.read_bytes()
    except OSError as error:
        raise ConvertError(
            f"{path.name} keeps its weights in {name}, which must lie beside it"
        ) from error


def _cut(entries: Iterable[dict[str, Any]], content: bytes, origin: str) -> Arrays:
    """A group's arrays, one behind the other; 8- and 16-bit ones are multiplied out."""
    found: Arrays = {}
    start = 0
    for entry in entries:
        said = entry.get("quantization", {})
        stored = said.get("dtype", entry["dtype"])
        size = 2 if stored in ("uint16", "float16") else PLAIN.get(stored)
        if size is None:
            raise ConvertError(f"{origin} holds weights of a type that is not supported: {stored}")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        if not 0 <= count * size <= LARGEST_BYTES:
            raise ConvertError(f"{origin} lists {entry['name']} with {count} values: too many")
        raw = content[start : start + count * size]
        if len(raw) != count * size:
            raise ConvertError(f"{origin}: its weights end early, in {entry['name']}: truncated")
        values = np.frombuffer(raw, np.bool_ if stored == "bool" else stored)
        if "scale" in said:
            values = values.astype(np.float32) * np.float32(said["scale"]) + np.float32(said["min"])
        kind = values.dtype if entry["dtype"] == "bool" else np.dtype(entry["dtype"])
        found[entry["name"]] = values.astype(kind).reshape(entry["shape"])
        start += count * size
    return found
