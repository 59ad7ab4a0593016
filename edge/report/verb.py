"""The verb `report`: what was asked for, from where, in which form."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from edge import log as logs
from edge.config.tables import Config
from edge.history.kept import require_files, unreadable
from edge.history.read import UnreadableError
from edge.host.units import adopt_folders
from edge.report.as_csv import as_csv
from edge.report.as_html import as_html
from edge.report.as_json import as_json
from edge.report.as_text import as_text
from edge.report.build import build
from edge.report.correct import corrected
from edge.report.figures import Report
from edge.report.period import KINDS, Kind
from edge.whole_files import write_out

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
    adopt_folders(parsed.config)
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
        require_files(config)
        told = build(config, kind, text, time.time(), corrected)
    except UnreadableError as error:
        raise unreadable(config, error) from None
    finally:
        logging.disable(logging.NOTSET)
    write_out(FORMS[form](told, config.history.opening_hours), out)
    return 0
