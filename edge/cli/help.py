"""How `--help` looks: examples for every verb, and lines that fit the terminal."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable
from typing import Any

Examples = tuple[tuple[str, str], ...]
"""What somebody wants → the command for it, without the program's name."""

_JOINED = re.compile(r"(?<=[^\n:])\n(?=[^\s])")
"""Between the lines of a paragraph; what is indented, or ends in a colon, stays a line."""

NARROW = 60
"""Terminals with fewer columns get a shorter usage."""

WIDTH_MIN = 38
"""Narrower terminals get lines of this length, which they wrap themselves."""


class Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the paragraphs of a text, and wraps each to the terminal's width."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """The usage, in a narrow terminal without the flags: argparse would not wrap between."""
        actions = list(actions)
        if usage is None and self._width < NARROW:
            names = [
                action.metavar or action.dest for action in actions if not action.option_strings
            ]
            usage = "\n    ".join(["%(prog)s [OPTIONS]", *map(str, names)])
        super().add_usage(usage, actions, groups, prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        room = max(width, WIDTH_MIN) - len(indent)
        lines = _JOINED.sub(" ", text).splitlines()
        return "\n".join(
            f"{indent}{piece}".rstrip() for line in lines for piece in _fit(line, room)
        )


def _fit(line: str, width: int) -> list[str]:
    """A line in pieces: a command goes on after a backslash, other text below its beginning."""
    if len(line) <= width:
        return [line]
    begin = len(line) - len(line.lstrip())
    head, _, rest = line.lstrip().partition("  ")
    hang = begin + len(head) + 2 if rest else begin
    command = line.lstrip().startswith("agender-")
    after = " " * (begin + 4 if command else hang) + "# " * line.lstrip().startswith("# ")
    pieces = textwrap.wrap(
        line.lstrip(),
        width - (2 if command else 0),
        initial_indent=" " * begin,
        subsequent_indent=after,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return [f"{piece} \\" for piece in pieces[:-1]] + pieces[-1:] if command else pieces


def examples(program: str, pairs: Examples) -> str:
    """The examples as the end of a help text."""
    lines = [f"  # {wanted}\n  {program} {command}" for wanted, command in pairs]
    return "examples:\n" + "\n".join(lines)
