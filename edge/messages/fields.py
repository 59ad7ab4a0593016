"""The kinds of value that messages are made of, each with its bounds.

Every text has a longest length and an alphabet, every number a range: the publisher sends nothing
that breaks one (`edge.messages.checking`), so that no field can be made to carry something else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta

SCHEMA: Literal[2] = 2
"""Version of the message contract; it is also the `v2` of the topics."""

# `$(?!\n)` is the end of the text to Python, whose `$` also stands before a closing line feed,
# and to the ECMAScript of JSON Schema, which has no \Z.

NUMBER_MAX = 2**53
"""The largest whole number that JSON's readers all hold exactly."""

Whole = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
People = Annotated[int, Meta(ge=0, le=1_000_000)]
Amount = Annotated[float, Meta(ge=0, le=1e12)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$(?!\n)")]
Timestamp = Annotated[
    str, Meta(max_length=24, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$(?!\n)")
]
Day = Annotated[str, Meta(max_length=10, pattern=r"^\d{4}-\d\d-\d\d$(?!\n)")]
Offset = Annotated[str, Meta(max_length=6, pattern=r"^[+-]\d\d:\d\d$(?!\n)")]
Numbering = Annotated[str, Meta(max_length=12, pattern=r"^[0-9a-f]{12}$(?!\n)")]
Sentence = Annotated[str, Meta(max_length=600, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
"""One line of text for a person."""


SENTENCE_MAX = 500


def sentence(text: str) -> str:
    """Any text as one line that a terminal, a log and a `Sentence` take."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))[:SENTENCE_MAX]


def timestamp(wall_s: float) -> str:
    """Seconds since 1970 → "2026-01-31T12:00:00.000Z"."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def utc_offset(ahead_s: float) -> str:
    """Seconds that local time is ahead of UTC → "+01:00"."""
    hours, minutes = divmod(round(abs(ahead_s) / 60), 60)
    return f"{'-' if ahead_s < 0 else '+'}{hours:02d}:{minutes:02d}"
