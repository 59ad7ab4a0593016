"""A time zone's name → what its clocks are ahead of UTC at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

Ahead = Callable[[float], float]
"""Seconds since 1970 → seconds that local time is ahead of UTC then."""

DAY_S = 86_400


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


def midnight_s(day: int, ahead: Ahead) -> float:
    """When a local day, counted from 1970, begins.

    Where clocks change then it is midnight by the time before, unless that is the day before once
    more by the time after.
    """
    near_s = day * DAY_S - ahead(day * DAY_S)
    start_s = day * DAY_S - ahead(near_s - 1)
    again = start_s + ahead(start_s) < day * DAY_S
    return day * DAY_S - ahead(start_s) if again else start_s
