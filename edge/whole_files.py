"""Writing a file completely or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path

from edge.errors import ConfigError, UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path`, with its suffix, for a file that becomes `path` at the block's end.

    Where the block ends in another way, Ctrl-C included, nothing of the file stays. OSError where
    it can't be written.
    """
    fresh = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        fresh.unlink(missing_ok=True)  # what a crash left; or a link that somebody laid there
        fresh.touch(exist_ok=False)  # where that can't be, nothing is worth beginning
        yield fresh
        fresh.replace(path)
    finally:
        with suppress(OSError):  # of a place that can't be written, nothing is there either
            fresh.unlink()


def keep(path: Path) -> Path:
    """Let a file that is about to be replaced stay, under a name beside it that none has yet."""
    names = (path.with_name(f"{path.name}.old{f'-{n}' if n > 1 else ''}") for n in count(1))
    old = next(name for name in names if not os.path.lexists(name))
    try:
        old.hardlink_to(path)  # so that at no time neither is there
    except OSError:  # FAT has no such links
        path.replace(old)
    return old


def refuse_folders(paths: Iterable[Path]) -> None:
    """UserError where a folder stands, which no file can replace: for before the first one is."""
    for path in paths:
        if path.is_dir():
            raise UserError(f"{path}: cannot be written: {os.strerror(errno.EISDIR)}")


def write_together(out: Path, files: Mapping[str, Callable[[Path], object]]) -> None:
    """Files for the folder of a verb's --out, each by what writes it to a path: all or none.

    Others in the folder stay. UserError where one can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        refuse_folders(out / name for name in files)
        with ExitStack() as replaced:  # once all are written
            for name, write in files.items():
                write(replaced.enter_context(replacing(out / name)))
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror}") from error


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
