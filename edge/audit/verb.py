"""The verb `audit`: what was asked for, from where, in which form."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge import log as logs
from edge.audit.agreement import Rule
from edge.audit.as_csv import as_csv
from edge.audit.as_json import as_json
from edge.audit.as_text import as_text
from edge.audit.build import Audit, audit
from edge.audit.told import LINE_BYTES
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.history.audited import leave
from edge.history.kept import require_files, unreadable
from edge.history.read import UnreadableError
from edge.host.units import adopt_folders
from edge.messages.fields import timestamp
from edge.messages.messages import Audited
from edge.output import say
from edge.tally.file import read as read_tally
from edge.whole_files import write_out

FORMS: Mapping[str, Callable[[Audit], str]] = {"text": as_text, "csv": as_csv, "json": as_json}


def run(read: Callable[[], Config], parsed: argparse.Namespace) -> int:
    """Audit as the flags of `edge.audit.arguments` ask for; the exit status, whatever the verdict.

    `read` reads the configuration, once it is known where the services keep their state.
    """
    if parsed.counts is None:
        adopt_folders(parsed.config)
    config = read()
    rule = Rule(parsed.margin / 100, parsed.error / 100)
    tallies = [read_tally(path) for path in parsed.tallies]
    logs.set_up(config.log.level)
    if config.log.level != "debug":
        logging.disable(logging.CRITICAL)  # what goes wrong is told in a sentence
    try:
        if parsed.counts is None:
            require_files(config)
            found = audit(tallies, config, rule)
        else:
            with _lines(parsed.counts) as lines:
                found = audit(tallies, config, rule, lines)
    except UnreadableError as error:
        raise unreadable(config, error) from None
    finally:
        logging.disable(logging.NOTSET)
    write_out(FORMS[parsed.form](found), parsed.out)
    if config.audit.publish:
        _leave(found, config)
    return 0


def _leave(found: Audit, config: Config) -> None:
    """Leave the verdict where the publisher takes it for `info`; UserError where it can't be."""
    own = f"{config.device.site}/{config.device.name}"
    if found.device != own:
        say(f"audit.publish: not left for info, which is of {own}, not of {found.device}")
        return
    audited = Audited(
        verdict=found.people.verdict.value,
        margin=found.rule.margin,
        time=timestamp(time.time()),
        first_day=found.first or None,
        last_day=found.last or None,
    )
    say(
        f"audit.publish: the verdict is left for info in {leave(Path(config.paths.state), audited)}"
    )


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file, or of standard input for `-`; longer ones than there are are cut."""
    if str(path) == "-":
        yield iter(lambda: sys.stdin.buffer.readline(LINE_BYTES), b"")
        return
    try:
        with path.open("rb") as opened:
            yield iter(lambda: opened.readline(LINE_BYTES), b"")
    except OSError as error:
        raise ConfigError(f"--counts {path}: {error.strerror}") from None
