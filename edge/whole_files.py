"""Writing a file completely or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from edge.errors import ConfigError


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


def write_out(text: str, out: Path | None) -> None:
    """A verb's text to the file of its --out, or to standard output without one.

    An earlier file stays where the new one can't be written whole: ConfigError.
    """
    if out is None:
        sys.stdout.write(text)
        return
    plain = not out.is_symlink() and (out.is_file() or not out.exists())
    try:
        with replacing(out) if plain else nullcontext(out) as file:
            file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from error
