"""The user's folders (XDG Base Directory Specification), also where a user has no home."""

from __future__ import annotations

import os
from pathlib import Path

from edge.errors import ConfigError

NO_HOME = (
    "this user has no home folder (HOME is not set, and the password database does not name one)"
)


def user_folder(variable: str, below_home: str) -> Path | None:
    """The XDG directory that `variable` names; None where nothing tells its place."""
    base = os.environ.get(variable)
    if base:
        return Path(base)
    try:
        return Path.home() / below_home
    except RuntimeError:  # neither HOME nor an entry in the password database
        return None


def expanded(path: Path) -> Path:
    """A path with the home folder for a leading ~; unchanged where nobody has that home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def first_line(path: Path) -> str:
    """A text file's first line, without the byte order mark that Windows puts first.

    Raises OSError or UnicodeDecodeError.
    """
    with path.open(encoding="utf-8-sig") as opened:
        return opened.readline(4096).rstrip("\r\n")


def require_state(state: str) -> None:
    """ConfigError where no folder is known for what must be kept."""
    if not state:
        raise ConfigError(
            f"paths.state: {NO_HOME}: set HOME, or name a folder with --state-dir FOLDER"
        )
