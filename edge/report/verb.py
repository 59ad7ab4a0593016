"""The verb `report`: what was asked for, from where, in which form."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from edge import log as logs
from edge.config.home import require_state
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.history.history import FILE_NAME
from edge.history.read import UnreadableError
from edge.host.units import adopt_folders
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.report.as_csv import as_csv
from edge.report.as_html import as_html
from edge.report.as_json import as_json
from edge.report.as_text import as_text
from edge.report.build import build
from edge.report.figures import Report
from edge.report.period import KINDS, Kind
from edge.whole_files import replacing

Form = Literal["text", "csv", "json", "html"]
FORMS: Mapping[Form, Callable[[Report, str], str]] = {
    "text": as_text,
    "csv": lambda report, _hours: as_csv(report),
    "json": lambda report, _hours: as_json(report),
    "html": as_html,
}


def run(read: Callable[[], Config], parsed: argparse.Namespace) -> int:
    """Report as the flags of `edge.report.arguments` ask for; the exit status.

    `read` reads the configuration, once it is known where the services keep their state.
    """
    adopt_folders()
    config = read()
    for kind in KINDS:
        if (text := getattr(parsed, kind)) is not None:
            return report(config, kind, text, parsed.form, parsed.out)
    return report(config, "day", "today", parsed.form, parsed.out)


def report(config: Config, kind: Kind, text: str, form: Form, out: Path | None = None) -> int:
    """Print the report of a period, or write it to a file; the exit status.

    ConfigError where nothing is kept here or the period is none, UserError where it can't be read.
    """
    logs.set_up(config.log.level)
    if config.log.level != "debug":
        logging.disable(logging.CRITICAL)  # what goes wrong is told in a sentence
    try:
        _require_files(config)
        told = build(config, kind, text, time.time())
    except UnreadableError as error:
        may = all(os.access(file, os.R_OK) for file in _files(config) if file.exists())
        advice = "" if may else ": run as root or as a member of its group"
        raise UserError(f"{error}{advice}; `agender-edge doctor` says more") from None
    finally:
        logging.disable(logging.NOTSET)
    _write(FORMS[form](told, config.history.opening_hours), out)
    return 0


def _require_files(config: Config) -> None:
    """A sentence where there is nothing to report on, or it may not be looked at."""
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


def _files(config: Config) -> list[Path]:
    return [Path(config.paths.state) / name for name in (FILE_NAME, OUTBOX_NAME)]


def _write(text: str, out: Path | None) -> None:
    """An earlier report stays where the new one can't be written whole."""
    if out is None:
        sys.stdout.write(text)
        return
    plain = not out.is_symlink() and (out.is_file() or not out.exists())
    try:
        with replacing(out) if plain else nullcontext(out) as file:
            file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from error
