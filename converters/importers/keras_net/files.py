"""A Keras file (HDF5 of any version, or .keras) → its description as JSON and its weights' HDF5."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from converters.errors import ConvertError

HDF5 = b"\x89HDF\r\n\x1a\n"
LARGEST_FILE = 8 << 30
UNPACKED, MOST_PACKED = 64 << 20, 20
"""What a member may unpack to: weights hardly get smaller, what is made to fill memory does."""


def description_of(content: bytes, origin: str) -> dict[str, Any] | None:
    """The description inside a file; None where it holds weights alone."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        found = _json(_member(content, "config.json", origin), origin)
        return {**found, "keras_version": _version(content, origin)}
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            text, version = (file.attrs.get(name) for name in ("model_config", "keras_version"))
    except (OSError, RuntimeError, KeyError) as error:
        raise ConvertError(f"{origin} is no HDF5 file of Keras, or is truncated") from error
    if text is None:
        return None
    return {**_json(text, origin), "keras_version": _text(version)}


def weights_of(content: bytes, folder: Path, origin: str) -> Path:
    """The file's weights as an .h5 file in `folder`, none of them in other files."""
    archive = zipfile.is_zipfile(io.BytesIO(content))
    if archive:
        content = _member(content, "model.weights.h5", origin)
    place = folder / ("w.weights.h5" if archive or _is_new(content) else "w.h5")
    place.write_bytes(content)
    _self_contained(place, origin)
    return place


def structure(content: bytes, origin: str) -> dict[str, Any]:
    """A description saved beside the weights (model.to_json())."""
    return _json(content, origin)


def _is_new(content: bytes) -> bool:
    """Whether weights alone are in Keras 3's form (save_weights), which has no layer_names."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            return "layer_names" not in file.attrs and "model_weights" not in file
    except (OSError, RuntimeError):
        return False


def _self_contained(path: Path, origin: str) -> None:
    """ConvertError where something points to another file, or is far too large."""
    import h5py

    def look(group: Any) -> None:
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise ConvertError(f"{origin} points to another file, at {name!r}: refused")
            item = group[name]
            if isinstance(item, h5py.Group):
                look(item)
            elif item.external or item.nbytes > LARGEST_FILE:
                raise ConvertError(f"{origin} keeps {name!r} in another file, or far too large")

    try:
        with h5py.File(path, "r") as file:
            look(file)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ConvertError(f"{origin} is no HDF5 file of Keras, or is truncated") from error


def _member(content: bytes, name: str, origin: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = archive.getinfo(name)
            if info.file_size > min(LARGEST_FILE, UNPACKED + MOST_PACKED * info.compress_size):
                raise ConvertError(f"{origin}: its {name} is too large ({info.file_size:,} bytes)")
            return archive.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise ConvertError(f"{origin} is no Keras file: it lacks {name}, or is damaged") from error


def _version(content: bytes, origin: str) -> str | None:
    """The version of Keras that an archive says wrote it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "metadata.json" not in archive.namelist():
            return None
    said = _json(_member(content, "metadata.json", origin), origin, "keras_version")
    return _text(said["keras_version"])


def _text(value: Any) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _json(text: Any, origin: str, key: str = "class_name") -> dict[str, Any]:
    """A description's table, which has the `key`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{origin}: the description of its layers is damaged") from error
    if not isinstance(found, dict) or key not in found:
        raise ConvertError(f"{origin}: the description of its layers is none of Keras's")
    return found


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for the weights while they are read: Keras takes paths alone."""
    return tempfile.TemporaryDirectory(prefix="agender-convert-")
