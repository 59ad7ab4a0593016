"""The blocks of docs/raspberry-pi.md, by the comment above each: how far it can be tried here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "raspberry-pi.md"

_BLOCK = re.compile(
    r"(?:<!-- (?P<use>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)\n```", re.DOTALL
)


class Block(NamedTuple):
    """`use`: "run: NAME" is run on a booted system, "config" is checked, "parsed" and "on the Pi"
    are only read.
    """

    use: str
    language: str
    text: str


def blocks() -> list[Block]:
    """All of the page's, in order."""
    return [
        Block(found["use"] or "", found["language"], found["text"])
        for found in _BLOCK.finditer(PAGE.read_text())
    ]


def to_run() -> list[Block]:
    """Those that a booted Debian can run, as they stand."""
    return [block for block in blocks() if block.use.startswith("run: ")]


def configuration() -> str:
    """What the page would have in config.toml."""
    return "\n".join(block.text for block in blocks() if block.use == "config")
