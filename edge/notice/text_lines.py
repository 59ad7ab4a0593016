"""Text → lines that fit, without a font at hand: by the widths of Helvetica, and room to spare."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

FONTS = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
CAP_HEIGHT = 0.716
"""Height of a capital letter in font sizes: Arial's, and Liberation Sans'."""
SPARE = 1.16
"""DejaVu Sans, the widest of FONTS, is so much wider than Helvetica."""
WIDE = 1.0
"""Width of a letter that is not in the table, such as a Chinese one."""

_WIDTHS = {
    0.222: "ijl'", 0.278: " \N{NO-BREAK SPACE}!,./:;I[]\\ft|", 0.334: '()-r`{}"', 0.5: "Jcksvxyz_^",
    0.556: "0123456789abdeghnopqu?L$#–€", 0.611: "FTZ~<>=+*", 0.667: "ABEKPSVXY&",
    0.722: "CDHNRUwß", 0.778: "GOQ", 0.833: "Mm", 0.944: "Wæœ%",
}  # fmt: skip
"""Width in font sizes → the letters that are no wider (Adobe's Helvetica, AFM)."""
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
BOLD = 1.1
"""Bold letters are so much wider."""

Room = Callable[[float], float]
"""A line's upper edge → the width it may have, in the same unit."""


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of a line's width, in the unit of `size`."""
    plain = unicodedata.normalize("NFD", text)
    units = sum(_WIDTH.get(c, WIDE) for c in plain if not unicodedata.combining(c))
    return units * size * SPARE * (BOLD if bold else 1.0)


def wrapped(text: str, fits: Callable[[str, int], bool]) -> Iterator[str]:
    """Lines of as many words as fit; a word that no line holds is broken.

    `fits`: whether a text fits into the line of this number.
    """
    line, number = "", 0
    for word in filter(None, text.split(" ")):
        longer = f"{line} {word}" if line else word
        if fits(longer, number):
            line = longer
            continue
        if line:
            yield line
            number += 1
        line = word
        while not fits(line, number) and len(line) > 1:
            cut = _most(line, lambda piece, at=number: fits(piece, at))  # type: ignore[misc]
            yield line[:cut]
            line, number = line[cut:], number + 1
    if line:
        yield line


def _most(text: str, fits: Callable[[str], bool]) -> int:
    """How many letters of a text fit; 1 at least."""
    return next((n for n in range(len(text) - 1, 1, -1) if fits(text[:n])), 1)
