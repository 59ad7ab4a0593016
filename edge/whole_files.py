"""Writing a file completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path`, with its suffix, for a file that becomes `path` at the block's end.

    Where the block ends in another way, Ctrl-C included, nothing of the file stays. OSError where
    it can't be written.
    """
    fresh = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        fresh.touch()  # where that can't be, nothing is worth beginning
        yield fresh
        fresh.replace(path)
    finally:
        with suppress(OSError):  # of a place that can't be written, nothing is there either
            fresh.unlink()
