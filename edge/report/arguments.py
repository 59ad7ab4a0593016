"""The flags of `report`, apart from what carries it out: they are made at every start."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "tell what was counted in a day, a week or a month"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the periods, the forms, and where it goes."""
    periods = parser.add_mutually_exclusive_group()
    for kind, default in (("day", "today"), ("week", "no week"), ("month", "no month")):
        periods.add_argument(
            f"--{kind}",
            nargs="?",
            const="today",
            metavar="DATE",
            help=f"the {kind} of this date, as 2026-03-07 or yesterday "
            f"(without DATE: the running one; default: {default})",
        )
    forms = parser.add_mutually_exclusive_group()
    for form, text in (
        ("csv", "a row an hour or a day, for a spreadsheet"),
        ("json", "one JSON object"),
        ("html", "one file for a browser, with bars"),
    ):
        forms.add_argument(
            f"--{form}",
            dest="form",
            action="store_const",
            const=form,
            default="text",
            help=f"{text} (default: text)",
        )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write it to a file (default: standard output)"
    )
