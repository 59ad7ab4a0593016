"""Writing a file completely or not at all."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from converters.errors import ConvertError
from edge import whole_files


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` under another name, then rename; ConvertError where it can't be written."""
    with replacing(path) as fresh:
        fresh.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """As `edge.whole_files.replacing`, in a folder that is made; ConvertError where it can't be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_files.replacing(path) as fresh:
            yield fresh
    except OSError as error:
        raise ConvertError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def tidy_ending() -> Iterator[None]:
    """Inside, a request to end and a closed terminal end the program as Ctrl-C does: tidily."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)
