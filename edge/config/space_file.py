"""The file beside the configuration that holds the places that were aimed: `[space]` alone.

Beside `config.toml` it is `config.space.toml`. Where it is there, its places are the only ones: it
is stronger than `[space]` of the configuration, and weaker than the command line.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edge.config.people import Space
from edge.config.section import Table
from edge.errors import ConfigError
from edge.whole_files import replacing

HEADER = """# Zones and lines, as `agender-edge aim` wrote them; stronger than [space] of {name}.
# Fractions of the frame, x to the right and y down. docs/aim.md
[space]
"""


def space_file_of(config: Path) -> Path:
    """The file of the places of this configuration."""
    return config.with_suffix(".space.toml")


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
    before = file.with_name(f".{file.name}.before")
    try:
        before.unlink(missing_ok=True)
        if file.exists():
            before.hardlink_to(file)
        _write(HEADER.format(name=config.name) + space, file, config)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    try:
        yield file
    except BaseException:
        before.replace(file) if before.exists() else file.unlink()
        raise
    before.unlink(missing_ok=True)


def _write(text: str, file: Path, config: Path) -> None:
    with replacing(file) as fresh:
        fresh.write_text(text, encoding="utf-8")
        owner = config.stat()
        shutil.copymode(config, fresh)
        if os.geteuid() == 0:
            os.chown(fresh, owner.st_uid, owner.st_gid)
