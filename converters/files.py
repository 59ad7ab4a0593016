"""Writing a file completely or not at all."""

from __future__ import annotations

from pathlib import Path

from converters.errors import ConvertError


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` under another name, then rename; ConvertError where it can't be written."""
    fresh = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ConvertError(f"cannot write {path}: {error.strerror}") from error
