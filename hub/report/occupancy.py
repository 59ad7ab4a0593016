"""How many were inside, hour by hour, from all entrances' lines: in less out since the night.

Counting errors add up over a day, and no count says when the house is empty. So occupancy begins
anew each night, is never below zero, and what had to be taken away for that, or was left at night,
is told beside it: by so many the day's numbers are off at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from hub.report.groups import groups_of
from hub.report.question import CROSSINGS, Question
from hub.store import Store

RESET_HOUR = 4
"""By the clock there: when hardly any house has visitors."""


class Hour(NamedTuple):
    """An hour by the clock there: who came, who went, how many were inside at its end."""

    start: datetime
    ins: int
    outs: int
    inside: int


class Day(NamedTuple):
    """From one night to the next.

    `clamped`: more went than were inside. `left`: inside at its end. `untold`: windows of which a
    line is withheld, with whose crossings nothing could be done.
    """

    day: date
    hours: list[Hour]
    clamped: int
    left: int
    untold: int

    @property
    def off(self) -> int:
        """By so many entries the day's numbers are wrong at least."""
        return max(self.clamped, self.left)


def occupancy(store: Store, question: Question, reset_hour: int = RESET_HOUR) -> list[Day]:
    """The days of a question about devices or a group, all their lines taken together."""
    wider = question._replace(last=question.last + timedelta(days=1))
    found = store.ask(CROSSINGS[question.whose], wider.values)
    members = groups_of(store, question.group) if question.group is not None else None
    kept = [one for one in found if members is None or (one["site"], one["device"]) in members]
    days = [_day(day, rows) for day, rows in _by_day(kept, reset_hour)]
    return [day for day in days if question.first <= day.day <= question.last]


def _by_day(
    rows: Iterable[dict[str, Any]], reset_hour: int
) -> Iterator[tuple[date, list[tuple[datetime, dict[str, Any]]]]]:
    """Crossings in the order of their hours, each under the day whose night it follows."""
    timed = sorted(((_clock(row), row) for row in rows), key=lambda pair: pair[0])
    for day, group in groupby(timed, lambda pair: (pair[0] - timedelta(hours=reset_hour)).date()):
        yield day, list(group)


def _clock(row: dict[str, Any]) -> datetime:
    utc = datetime.fromtimestamp(row["hour_ms"] / 1000, UTC)
    return (utc + timedelta(minutes=row["offset_min"] or 0)).replace(tzinfo=None)


def _day(day: date, rows: list[tuple[datetime, dict[str, Any]]]) -> Day:
    hours: list[Hour] = []
    inside = clamped = 0
    for start, group in groupby(rows, lambda pair: pair[0]):
        crossings = [row for _, row in group]
        ins, outs = (sum(row[way] for row in crossings) for way in ("ins", "outs"))
        inside += ins - outs
        clamped += max(-inside, 0)
        inside = max(inside, 0)
        hours.append(Hour(start, ins, outs, inside))
    return Day(day, hours, clamped, inside, sum(row["untold_windows"] for _, row in rows))
