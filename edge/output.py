"""What a command says: in which form and where, and on terminals that lack our characters."""

from __future__ import annotations

import argparse
import codecs
import io
import sys
from collections.abc import Mapping
from pathlib import Path

HANDLER = "agender-plain"

PLAIN = {
    "…": "...", "–": "-", "—": "-", "−": "-", "→": "->", "·": "-", "×": "x", "≥": ">=",
    "≤": "<=", "●": "*", "ε": "epsilon", "█": "#", "°": "", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
"""What stands for a character where it can't be written."""


quiet = False
"""Whether only errors and results are wanted: set once, by the command line."""


def say(text: str) -> None:
    """Tell on standard error how a command goes on; nothing where that is not wanted."""
    if not quiet:
        print(f"agender-edge: {text}", file=sys.stderr)


def add_forms(parser: argparse.ArgumentParser, forms: Mapping[str, str]) -> None:
    """Add a flag for each form besides text, its help beside it, as `form`; and `--out FILE`."""
    group = parser.add_mutually_exclusive_group()
    for form, text in forms.items():
        group.add_argument(
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


def some(count: int, what: str) -> str:
    """1 bin, 2 bins."""
    return number(count, what, f"{what}s")


def number(count: int, one: str, many: str) -> str:
    """1 person, 2 people."""
    return f"{count} {one if count == 1 else many}"


def fit_output() -> None:
    """Let standard output and error write any text, whatever their encoding."""
    codecs.register_error(HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler (`codecs.register_error`): plain signs for what can't be encoded.

    A byte of a file's name that is no UTF-8 is written as \\xNN, as Python does on stderr.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_stand_in(sign) for sign in text), error.end


def _stand_in(sign: str) -> str:
    if sign in PLAIN:
        return PLAIN[sign]
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return "?"
