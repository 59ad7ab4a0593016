"""Characters of a terminal or a pipe → what they mean to a tally."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from edge.messages.bands import SCHEMES
from edge.tally.file import Tally

PERSONS = {"w": "female", "m": "male", "u": "gender_unknown"}
ENDS = "q\x03\x04"
"""q, and Ctrl-C and Ctrl-D where the terminal does not make a signal or an end of them."""
UNDOES = "z\x7f\x08"
BLANK = " \t\r\n"
ESCAPE = "\x1b"


class Order(Enum):
    """What is not a count."""

    UNDO = "undo"
    END = "end"
    UNKNOWN = "unknown"
    """A key that means nothing here."""
    CHOSEN = "chosen"
    """A band or a line was chosen for what follows."""


class Add(NamedTuple):
    """One to each of these sums."""

    keys: tuple[str, ...]


class Keys:
    """The keys of one tally, and what was chosen for the next one."""

    def __init__(self, tally: Tally) -> None:
        self.plain = tally.k > 1
        bands = SCHEMES[tally.bands] if tally.bands and not self.plain else {}
        self.bands = {str(number): name for number, name in enumerate(bands, 1)}
        self.lines = () if self.plain else tally.lines
        self._line = 0
        self.band = ""
        self._escape = ""

    @property
    def line(self) -> str:
        """The line whose crossings are counted now; empty where there is none."""
        return self.lines[self._line] if self.lines else ""

    def meanings(self, text: Iterable[str]) -> Iterator[Add | Order]:
        """Character by character; blanks, and what a cursor key sends, are passed over."""
        for sign in text:
            if self._in_escape(sign) or sign in BLANK:
                continue
            yield self._meaning(sign.lower())

    def _in_escape(self, sign: str) -> bool:
        """Whether a character belongs to a sequence of ECMA-48 (ESC [ … letter, ESC O letter)."""
        if self._escape == ESCAPE:
            self._escape = sign if sign in "[O" else ""
            return bool(self._escape)
        if self._escape:
            if "@" <= sign <= "~":
                self._escape = ""
            return True
        self._escape = ESCAPE if sign == ESCAPE else ""
        return bool(self._escape)

    def _meaning(self, key: str) -> Add | Order:
        if key in PERSONS or (self.plain and key == "p"):
            return Add(self._person(PERSONS.get(key, "")))
        if key in self.bands:
            self.band = self.bands[key]
            return Order.CHOSEN
        if self.line and key in "io":
            return Add((f"line_{self.line}_{'in' if key == 'i' else 'out'}",))
        if self.line and key == "l":
            self._line = (self._line + 1) % len(self.lines)
            return Order.CHOSEN
        if key in UNDOES:
            return self._undone()
        return Order.END if key in ENDS else Order.UNKNOWN

    def _undone(self) -> Order:
        """A band that waits for its person is taken back first."""
        chosen, self.band = self.band, ""
        return Order.CHOSEN if chosen else Order.UNDO

    def _person(self, gender: str) -> tuple[str, ...]:
        if self.plain:
            return ("people",)
        age, self.band = self.band or "unknown", ""
        return ("people", gender, *((f"age_{age}",) if self.bands else ()))
