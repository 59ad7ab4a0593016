"""Where each line of a sign stands, and how large: millimetres, from the upper left.

A capital letter is to be at least a two-hundredth of the distance that it is read from. That is a
rule of thumb of sign makers, stricter than the 250th that is usual for labels; DIN 1450
(*Schriften, Leserlichkeit*) derives sizes from the distance in the same way, by a visual angle.
What has to be read from 3 m, that a camera counts and what it estimates, so has capitals of 15 mm;
the rest is as large as the sheet allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from edge.notice.text_lines import CAP_HEIGHT, width_of, wrapped

READ_AT = 200
"""Distance in heights of a capital letter."""
LEAD_MM = 3_000 / READ_AT
"""Height of a capital in what is read from 3 m."""
LEAST_MM = 500 / READ_AT
"""Height of a capital in what is read from half a metre, an arm's length; no text is smaller."""
MOST_MM = LEAD_MM / 1.5
"""Of the rest, so that the lead stays the lead."""
STEP_MM = 0.1
LEADING = 1.25
"""Distance of two lines in font sizes."""
GAP = 0.45
"""Between two sentences, in font sizes."""
CODE_SHARE = 0.27
"""Width of the QR code with its margin, in widths of the sheet: read from thrice of it and more."""


class Format(NamedTuple):
    """A sheet, upright, and whether it has room for what is estimated in the lead."""

    width_mm: float
    height_mm: float
    margin_mm: float
    roomy: bool


FORMATS = {
    "A5": Format(148, 210, 7, roomy=False),
    "A4": Format(210, 297, 10, roomy=True),
    "A3": Format(297, 420, 14, roomy=True),
}
"""ISO 216."""


class Line(NamedTuple):
    """A line of text by the left end of its baseline; `bold`: so many letters at its beginning."""

    text: str
    x: float
    y: float
    size: float
    bold: int = 0


class Layout(NamedTuple):
    """A sign: the lead on a dark band that ends at `band`, the rest below, the QR code's side."""

    sheet: Format
    lead: Sequence[Line]
    band: float
    body: Sequence[Line]
    code: float

    @property
    def read_at_m(self) -> float:
        """From where the smallest text can be read."""
        return min(line.size for line in self.body) * CAP_HEIGHT * READ_AT / 1_000


def laid_out(
    sheet: Format, lead: Sequence[str], body: Sequence[str], *, code: bool
) -> Layout | None:
    """The largest text that fits; None where none that can be read does."""
    top, band = _lead(sheet, lead)
    side = sheet.width_mm * CODE_SHARE if code else 0.0
    cap = MOST_MM
    while cap >= LEAST_MM:
        lines, bottom = _flowed(sheet, body, band, _size_of(cap), side)
        if bottom <= sheet.height_mm - sheet.margin_mm:
            return Layout(sheet, top, band, lines, side)
        cap -= STEP_MM
    return None


def _size_of(cap_mm: float) -> float:
    """The font size of capitals of this height: in whole micrometres, as it is written."""
    return math.ceil(1_000 * cap_mm / CAP_HEIGHT) / 1_000


def _lead(sheet: Format, sentences: Sequence[str]) -> tuple[list[Line], float]:
    """The lead's lines in bold, and where its band ends."""
    size, width = _size_of(LEAD_MM), sheet.width_mm - 2 * sheet.margin_mm
    lines: list[Line] = []
    y = sheet.margin_mm + LEAD_MM
    for sentence in sentences:
        for text in wrapped(sentence, lambda line, _: width_of(line, size, bold=True) <= width):
            lines.append(Line(text, sheet.margin_mm, y, size, len(text)))
            y += size * LEADING
    return lines, lines[-1].y + sheet.margin_mm


class _Column(NamedTuple):
    """Where the lines of a sentence that begins at `top` stand, and how wide they may be.

    `side`: of the QR code in the lower right corner; 0 without one.
    """

    sheet: Format
    size: float
    side: float
    top: float

    def baseline(self, number: int) -> float:
        """Of a line, counted from 0."""
        return self.top + (number * LEADING + CAP_HEIGHT) * self.size

    def fits(self, text: str, number: int) -> bool:
        """Whether a line leaves the margins and the code free."""
        bottom = self.top + (number * LEADING + 1) * self.size
        beside = bottom > self.sheet.height_mm - self.sheet.margin_mm - self.side
        room = self.sheet.width_mm - 2 * self.sheet.margin_mm - (self.side if beside else 0.0)
        label = _label(text) if number == 0 else 0
        bold = width_of(text[:label], self.size, bold=True)
        return bold + width_of(text[label:], self.size) <= room


def _flowed(
    sheet: Format, body: Sequence[str], band: float, size: float, side: float
) -> tuple[list[Line], float]:
    """Sentences below each other, beside the code where they reach down to it; and their end."""
    lines: list[Line] = []
    column = _Column(sheet, size, side, band + sheet.margin_mm)
    for sentence in body:
        for number, text in enumerate(wrapped(sentence, column.fits)):
            label = _label(text) if number == 0 else 0
            lines.append(Line(text, sheet.margin_mm, column.baseline(number), size, label))
        below = lines[-1].y + size * (LEADING - CAP_HEIGHT + GAP)
        column = column._replace(top=below)
    return lines, lines[-1].y + size * (1 - CAP_HEIGHT)


def _label(text: str) -> int:
    """How many letters of a sentence's beginning name what it is of: up to the first colon."""
    return text.find(":") + 1
