"""The verbs that look at what a device sees, told and kept."""

from __future__ import annotations

import argparse
from functools import partial

from edge.cli.flags import (
    add_broker,
    add_configuration,
    add_loudness,
)
from edge.cli.verb import Verbs, configured, verb


def _add_watch(verbs: Verbs) -> None:
    parser = verb(verbs, "watch", _watch, "show devices live, from MQTT alone")
    add_broker(parser.add_argument_group("configuration"))
    add_loudness(parser, logs=True)
    parser.add_argument("--only", metavar="SITE/DEVICE", help="one device (default: all)")
    parser.add_argument("--json", action="store_true", help="a JSON object a message")


def _watch(parsed: argparse.Namespace) -> int:
    from edge.watch import watch

    return watch(configured(parsed), only=parsed.only, as_json=parsed.json)


def _add_aim(verbs: Verbs) -> None:
    from edge.aim import arguments

    parser = verb(verbs, "aim", _aim, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _aim(parsed: argparse.Namespace) -> int:
    from edge.aim.verb import run

    return run(partial(configured, parsed), parsed)


def _add_report(verbs: Verbs) -> None:
    from edge.report import arguments

    parser = verb(verbs, "report", _report, arguments.HELP)
    arguments.add(parser)
    add_configuration(parser)


def _report(parsed: argparse.Namespace) -> int:
    from edge.report.verb import run

    return run(partial(configured, parsed), parsed)


def _add_tally(verbs: Verbs) -> None:
    from edge.tally import arguments

    parser = verb(verbs, "tally", _tally, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _tally(parsed: argparse.Namespace) -> int:
    from edge.config.read import load
    from edge.tally.verb import run

    return run(configured(parsed), load(parsed.config), parsed)


def _add_audit(verbs: Verbs) -> None:
    from edge.audit import arguments

    parser = verb(verbs, "audit", _audit, arguments.HELP)
    arguments.add(parser)
    add_configuration(parser)


def _audit(parsed: argparse.Namespace) -> int:
    from edge.audit.verb import run

    return run(partial(configured, parsed), parsed)


VERBS = (
    _add_watch,
    _add_aim,
    _add_report,
    _add_tally,
    _add_audit,
)
"""In the order of the help."""
