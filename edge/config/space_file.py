"""The file beside the configuration that holds the places that were aimed: `[space]` alone.

Beside `config.toml` it is `config.space.toml`. Where it is there, its places are the only ones: it
is stronger than `[space]` of the configuration, and weaker than the command line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edge.config.people import Space
from edge.config.refusal import explained
from edge.config.section import Table
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.whole_files import replacing

HEADER = """# Zones and lines, as `agender-edge aim` wrote them; stronger than [space] of {name}.
# Fractions of the frame, x to the right and y down. docs/aim.md
[space]
"""


def space_file_of(config: Path) -> Path:
    """The file of the places of this configuration."""
    # Not with_suffix: a folder given by mistake may have no name (`.`, `/`).
    return config.with_name(f"{config.stem}.space.toml") if config.name else config


def space_of(places: object) -> Space:
    """The places that `zones` and `lines` of a table are; ConfigError where they can't be."""
    held = {"space": places}
    try:
        return msgspec.convert(held, Config).space
    except msgspec.ValidationError as error:
        raise ConfigError(explained(str(error), held)) from error


def fingerprint(space: Space) -> str:
    """Twelve digits that differ where the places do."""
    return hashlib.sha256(msgspec.json.encode(space)).hexdigest()[:12]


def require_space_alone(table: Table, path: Path) -> None:
    """ConfigError where the file holds anything but `[space]`."""
    if list(table) != ["space"]:
        others = ", ".join(sorted(set(table) - {"space"})) or "nothing"
        raise ConfigError(f"{path}: holds {others}; it may hold [space], and nothing else")


@contextmanager
def written_space(space: str, config: Path) -> Iterator[Path]:
    """Write the places, as lines of TOML, with the configuration's rights; the file.

    Where the block raises, the places are those of before. ConfigError where it can't be written.
    """
    file = space_file_of(config)
    with _set_aside(file) as before:
        try:
            _write(HEADER.format(name=config.name) + space, file, config)
        except OSError as error:
            raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
        try:
            yield file
        except BaseException:
            before.replace(file) if os.path.lexists(before) else file.unlink(missing_ok=True)
            raise


@contextmanager
def _set_aside(file: Path) -> Iterator[Path]:
    """A second name for the file, where there is one; gone at the block's end."""
    before = file.with_name(f".{file.name}.before")
    try:
        before.unlink(missing_ok=True)
        if os.path.lexists(file):
            _second_name(before, file)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    try:
        yield before
    finally:
        with suppress(OSError):
            before.unlink()


def _second_name(before: Path, file: Path) -> None:
    try:
        before.hardlink_to(file)
    except OSError:  # FAT has no such links, and of another user's file none may be made
        _make(before, file.read_bytes(), file.stat())


def _write(text: str, file: Path, config: Path) -> None:
    with replacing(file) as fresh:
        fresh.unlink()
        _make(fresh, text.encode(), config.stat())


def _make(file: Path, content: bytes, like: os.stat_result) -> None:
    """A new file, on the disk, with the owner and rights of another.

    By its descriptor: root may write in a folder of a user, who could lay a link there meanwhile.
    """
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as made:
        os.fchmod(number, like.st_mode & 0o666)
        if os.geteuid() == 0:
            os.fchown(number, like.st_uid, like.st_gid)
        made.write(content)
        made.flush()
        os.fsync(number)
