"""Where history and outbox lie, and a sentence where they can't be looked at."""

from __future__ import annotations

import os
from pathlib import Path

from edge.config.home import require_state
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.history.history import FILE_NAME
from edge.history.read import UnreadableError
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME


def require_files(config: Config) -> None:
    """ConfigError where there is nothing to look at; OSError where it may not be looked at."""
    require_state(config.paths.state)
    folder, files = Path(config.paths.state), _files(config)
    try:
        there = [file for file in files if file.stat()]
    except FileNotFoundError:
        there = [file for file in files if os.path.lexists(file)]
    if not there:
        raise ConfigError(
            f"paths.state = {folder}: no history and no outbox lie there; name the folder with "
            "--state-dir FOLDER, or start vision and publisher"
        )
    if not (folder / FILE_NAME).exists() and not config.history.enabled:
        raise ConfigError("history.enabled = false: nothing is kept to report on; set it to true")


def unreadable(config: Config, error: UnreadableError) -> UserError:
    """What to tell a person of a file that can't be read."""
    may = all(os.access(file, os.R_OK) for file in _files(config) if file.exists())
    advice = "" if may else ": run as root or as a member of its group"
    return UserError(f"{error}{advice}; `agender-edge doctor` says more")


def _files(config: Config) -> list[Path]:
    return [Path(config.paths.state) / name for name in (FILE_NAME, OUTBOX_NAME)]
