"""A time zone's name → what its clocks are ahead of UTC at any moment."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

Ahead = Callable[[float], float]
"""Seconds since 1970 → seconds that local time is ahead of UTC then."""

DAY_S = 86_400
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
"""What a person writes of the forms of ISO 8601."""


def ahead_in(zone: str) -> Ahead:
    """Of a zone of the IANA database; empty: the system's, which is UTC where none is set.

    ValueError, of one sentence, where there is no such zone.
    """
    if not zone:
        return _system
    try:
        named = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not available_timezones():
            raise ValueError("no time zones are installed; apt install tzdata") from error
        raise ValueError("expected a time zone such as Europe/Berlin, or none") from error

    def ahead(wall_s: float) -> float:
        offset = datetime.fromtimestamp(wall_s, named).utcoffset()
        return offset.total_seconds() if offset is not None else 0.0

    return ahead


def _system(wall_s: float) -> float:
    return float(time.localtime(wall_s).tm_gmtoff)


def parse_local(text: str) -> datetime:
    """A date with a time of day, and an offset or none; ValueError, of one sentence, for others."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text} is no date and time such as 2026-05-01T10:00 or 2026-05-01T10:00+02:00"
        ) from None


def moment_s(text: str, ahead: Ahead) -> float:
    """What `parse_local` takes → seconds since 1970; without an offset by local time.

    ValueError, of one sentence, where local time has no such moment, or has it twice.
    """
    parsed = parse_local(text)
    if parsed.tzinfo is not None:
        return parsed.timestamp()
    shown_s = parsed.replace(tzinfo=UTC).timestamp()
    offsets = {ahead(shown_s - DAY_S), ahead(shown_s + DAY_S)}
    found = sorted(shown_s - offset for offset in offsets if ahead(shown_s - offset) == offset)
    if not found:
        raise ValueError(f"{text} does not exist here: clocks were put forward over it")
    if len(found) > 1:
        ways = " or ".join(_told(shown_s - moment) for moment in found)
        raise ValueError(f"{text} was there twice, since clocks were put back: add {ways}")
    return found[0]


def _told(offset_s: float) -> str:
    return datetime.fromtimestamp(0, timezone(timedelta(seconds=offset_s))).isoformat()[19:]


def midnight_s(day: int, ahead: Ahead) -> float:
    """When a local day, counted from 1970, begins.

    Where clocks change then it is midnight by the time before, unless that is the day before once
    more by the time after.
    """
    near_s = day * DAY_S - ahead(day * DAY_S)
    start_s = day * DAY_S - ahead(near_s - 1)
    again = start_s + ahead(start_s) < day * DAY_S
    return day * DAY_S - ahead(start_s) if again else start_s
