"""The flags of `report`, apart from what carries it out: they are made at every start."""

from __future__ import annotations

import argparse

from edge.output import add_forms

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
    forms = {
        "csv": "a row an hour or a day, for a spreadsheet",
        "json": "one JSON object",
        "html": "one file for a browser, with bars",
    }
    add_forms(parser, forms)
