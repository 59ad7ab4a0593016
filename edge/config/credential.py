"""A secret's value: out of a credential of systemd's, or the first line of a file."""

from __future__ import annotations

import os
from pathlib import Path

from edge.config.home import first_line
from edge.errors import ConfigError

SEALED = "sealed-"
"""What the name of a credential begins with that is encrypted on the disk, for this machine."""


def secret(name: str, file: str, key: str) -> str | None:
    """The credential of this name, the sealed one first, else what `file`, named by `key`, holds.

    None where there is neither; ConfigError where one can't be read or is empty.
    """
    found = credential(SEALED + name) or credential(name)
    return value_of(Path(file), key) if found is None and file else found


def credential(name: str) -> str | None:
    """What systemd hands this service under a name; None where it does not."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / name if folder else None
    return value_of(path, f"credential {name}") if path and path.exists() else None


def value_of(path: Path, key: str) -> str:
    """The first line of a file that holds a value; ConfigError where it has none."""
    try:
        line = first_line(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{key} = {path}: cannot be read: {reason}") from error
    if not line:
        raise ConfigError(f"{key} = {path}: the first line is empty; it should hold the value")
    return line
