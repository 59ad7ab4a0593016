"""Opening hours as a person writes them → spans of minutes of each day of the week.

The simple part of OpenStreetMap's `opening_hours`: days and times, no holidays, no seasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_MIN = 1_440

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Monday to Sunday: when it is open, from and to, in minutes of the day, in order, apart."""

_DAY = "|".join(DAYS)
_RULE = re.compile(
    rf"(?:(?P<first>{_DAY})(?:\s*[-–]\s*(?P<last>{_DAY}))?)?\s*"
    r"(?:(?P<begin>\d{1,2}:\d\d)\s*[-–]\s*(?P<end>\d{1,2}:\d\d))?"
)
_EXAMPLE = 'expected opening hours such as "Mo-Fr 09:00-18:00, Sa 10:00-16:00"'


def opening(text: str) -> Week:
    """Parts are set apart by commas; a part without days is of those before.

    Days without times wait for the next part's ("Mo, We 09:00-12:00"). Times that end before they
    begin go on into the next day; 24:00 is a day's end. What follows a semicolon holds instead of
    what was said of the same days before. Empty: always open. ValueError, of one sentence, names
    the part that is wrong.
    """
    if not text.strip():
        return tuple(((0, DAY_MIN),) for _ in DAYS)
    said: dict[int, list[tuple[int, int]]] = {}
    for parts in text.split(";"):
        said |= _said(parts)
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for named, times in said.items():
        for day, begin, end in (span for each in times for span in _spans(named, *each)):
            week[day].append((begin, end))
    return tuple(tuple(_merged(spans)) for spans in week)


def _said(parts: str) -> dict[int, list[tuple[int, int]]]:
    """Day → its times, of what stands between two semicolons."""
    found: dict[int, list[tuple[int, int]]] = {}
    named: list[int] = []
    timed = True
    for part in parts.split(","):
        days, times = _rule(part.strip())
        if days:
            named = days if timed else named + days
        timed = times is not None
        if times is not None:
            for day in named or range(7):
                found.setdefault(day, []).append(times)
    if not timed:
        raise ValueError(f"{_EXAMPLE}; the last days have no times")
    return found


def _rule(part: str) -> tuple[list[int], tuple[int, int] | None]:
    """The days of a part, and its times in minutes; either may be absent, not both."""
    found = _RULE.fullmatch(part)
    if not part or found is None:
        raise ValueError(f"{_EXAMPLE}; not {part!r}")
    days: list[int] = []
    if found["first"]:
        first = DAYS.index(found["first"])
        last = DAYS.index(found["last"] or found["first"])
        days = [day % 7 for day in range(first, first + (last - first) % 7 + 1)]
    if not found["begin"]:
        return days, None
    begin, end = _minute(found["begin"]), _minute(found["end"])
    if begin in (end, DAY_MIN):
        raise ValueError(f"{_EXAMPLE}; {part!r} is no time at all")
    return days, (begin, end)


def _minute(clock: str) -> int:
    hours, minutes = map(int, clock.split(":"))
    if minutes > 59 or 60 * hours + minutes > DAY_MIN:
        raise ValueError(f"{_EXAMPLE}; there is no {clock}")
    return 60 * hours + minutes


def _spans(day: int, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    if begin < end:
        yield day, begin, end
        return
    yield day, begin, DAY_MIN
    if end:
        yield (day + 1) % 7, 0, end


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that meet or overlap as one."""
    begin = end = 0
    for left, right in sorted(spans):
        if left > end:
            if end > begin:
                yield begin, end
            begin, end = left, right
        else:
            end = max(end, right)
    if end > begin:
        yield begin, end
