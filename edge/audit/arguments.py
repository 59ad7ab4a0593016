"""The flags of `audit`, apart from what carries it out: they are made at every start."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from edge.output import add_forms

HELP = "hold the device's counts against tallies made by hand, and judge"


def add(parser: argparse.ArgumentParser) -> None:
    """Add what is held against what, how strictly, the forms, and where it goes."""
    parser.add_argument(
        "tallies", nargs="+", type=Path, metavar="TALLY", help="files of `agender-edge tally`"
    )
    parser.add_argument(
        "--counts",
        type=Path,
        metavar="FILE",
        help="recorded `counts` messages, a JSON object a line, as mosquitto_sub writes them; - is "
        "standard input (default: the device's history, by the hour)",
    )
    for flag, most, text in (
        ("margin", 50.0, "the relative bias that is allowed"),
        ("error", 20.0, "how often a device that is off by the margin may pass"),
    ):
        parser.add_argument(
            f"--{flag}",
            type=_percent(most),
            default="5",
            metavar="PERCENT",
            help=f"{text} (default: 5)",
        )
    add_forms(parser, {"csv": "a row a quantity", "json": "one JSON object"})


def _percent(most: float) -> Callable[[str], float]:
    """A number of percent from 0.1 to `most`, in an argument."""

    def read(text: str) -> float:
        value = float(text.removesuffix("%"))
        if not (math.isfinite(value) and 0.1 <= value <= most):
            raise argparse.ArgumentTypeError(f"{text} is not from 0.1 to {most:g} percent")
        return value

    read.__name__ = "percent"  # as argparse calls it where it is no number
    return read
