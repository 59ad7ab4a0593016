"""A window → one row of the table `windows`, the same in every store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec

from edge.messages.counts import AGE_TOTALS, CELLS, ESTIMATED, VIEW_FLAGS
from hub.message import Window

HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

COPIED = (
    "boot", "frames_seen", "frames_skipped", "clock_synced", "lost", "folding", "folded_as",
    "bands", "people", "female", "male", "gender_unknown", "present_max", "present_mean",
    "dwell_s_mean", "attention_s_mean", "passers", "not_faces", "model", *AGE_TOTALS, *CELLS,
)  # fmt: skip
"""Columns that are as in the message."""

MORE = (
    *VIEW_FLAGS,
    *(f"est_{name}{bound}" for name in ESTIMATED for bound in ("", "_low", "_high")),
)
"""Keys that are kept, where they are told, in one JSON object: `more`."""

COLUMNS = (
    "site", "device", "numbering", "seq", "start_ms", "end_ms", "offset_min", "hour_ms", "day",
    "week", "window_ms", "observed_ms", *COPIED, "places", "more",
)  # fmt: skip

Value = int | float | str | bool | None
Row = tuple[Value, ...]
"""Values in the order of COLUMNS."""


class Local(NamedTuple):
    """Where a window lies in local time: in milliseconds since 1970 its hour; its day; a Monday."""

    offset_min: int | None
    hour_ms: int
    day: str
    week: str


def row_of(window: Window) -> Row:
    """A window as a row. Durations are whole milliseconds, so that sums are exact in any order."""
    counts = window.counts
    start_ms = milliseconds(counts.start)
    known = {key: value for key in MORE if (value := getattr(counts, key)) is not None}
    return (
        window.site, window.device, counts.numbering, counts.seq,
        start_ms, milliseconds(counts.end), *local(start_ms, minutes(counts.timezone)),
        round(counts.window_s * 1000), round(counts.observed_s * 1000),
        *(getattr(counts, key) for key in COPIED),
        msgspec.json.encode(counts.places, order="sorted").decode(),
        msgspec.json.encode(known, order="sorted").decode(),
    )  # fmt: skip


def milliseconds(stamp: str) -> int:
    """A message's time stamp → milliseconds since 1970."""
    return (datetime.fromisoformat(stamp) - _EPOCH) // _MS


def minutes(offset: str | None) -> int | None:
    """ "+01:00" → 60; None where a device does not tell how far local time is ahead."""
    if offset is None:
        return None
    ahead = 60 * int(offset[1:3]) + int(offset[4:6])
    return -ahead if offset[0] == "-" else ahead


def local(start_ms: int, offset_min: int | None) -> Local:
    """The local hour, day and week in which a moment lies; UTC's where the offset is not known."""
    ahead_ms = 60_000 * (offset_min or 0)
    hour_ms = (start_ms + ahead_ms) // HOUR_MS * HOUR_MS
    day: date = (_EPOCH + timedelta(milliseconds=hour_ms)).date()
    monday = day - timedelta(days=day.weekday())
    return Local(offset_min, hour_ms - ahead_ms, day.isoformat(), monday.isoformat())
