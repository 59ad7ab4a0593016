"""What somebody who tallies sees: the keys, once, and one line that is written over.

Plain text that fits 40 columns: no colour, no cursor movement but back to the line's beginning, and
nothing of a bin stays on the screen when the next one begins.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from edge.messages.bands import SCHEMES
from edge.tally.file import GENDERS, Tally
from edge.tally.keys import Keys

SHORT = dict(zip(GENDERS, "wmu", strict=True))
WIDTH_MIN = 20
TIED = "\xa0"
"""A space at which no line is broken."""


def help_lines(tally: Tally, columns: int) -> list[str]:
    """The keys of this tally, in lines of at most `columns`."""
    width = max(columns - 1, WIDTH_MIN)
    lines = [line for text in _texts(tally) for line in textwrap.wrap(text, width)]
    return [line.replace(TIED, " ") for line in lines]


def _texts(tally: Tally) -> Iterator[str]:
    if tally.k > 1:
        yield f"{tally.name}: p person (k = {tally.k}: only how many are kept)"
    else:
        yield f"{tally.name}: w woman  m man  u unsure"
        if tally.bands:
            names = enumerate(SCHEMES[tally.bands], 1)
            ages = "  ".join(f"{key}{TIED}{band_name(name)}" for key, name in names)
            yield f"before that, the age: {ages}"
        if tally.lines:
            more = "  l next line" if len(tally.lines) > 1 else ""
            yield f"line {tally.lines[0]}: i in  o out{more}"
    yield "z undo  q end"


def band_name(band: str) -> str:
    """65_plus → 65+, 25_34 → 25–34, child."""
    return band.replace("_plus", "+").replace("_", "–")


def status(keys: Keys, counts: dict[str, int], clock: str, people: int, remark: str) -> str:
    """The line that is written over: the bin's beginning, its sums, and all people so far."""
    shown = {"people": "p"} if keys.plain else SHORT
    here = [f"{short}{counts.get(key, 0)}" for key, short in shown.items()]
    if keys.line:
        ways = [counts.get(f"line_{keys.line}_{way}", 0) for way in ("in", "out")]
        here.append("i{} o{} {}".format(*ways, keys.line))
    # What is new stands first, for a narrow terminal cuts the line's end.
    new = [remark] if remark else [f"[{band_name(keys.band)}]"] if keys.band else []
    return " ".join((*new, clock, f"all {people}:", *here))
