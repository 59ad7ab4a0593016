"""Sums of hours and opening hours → how much of the time the place was open the camera looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from edge.config.opening import Week
from edge.config.zone import DAY_S, Ahead, midnight_s
from edge.history.read import Sums
from edge.history.sums import HOUR_S, Hour, hour_at

MONDAY = 4
"""1 January 1970 was a Thursday: the first Monday is day 4."""


class Looked(NamedTuple):
    """Seconds that the place was open, and that the camera looked of these; None: not known."""

    open_s: float
    looked_s: float | None

    @property
    def share(self) -> float | None:
        """0 … 1; None where it is not known, or the place was not open."""
        return self.looked_s / self.open_s if self.open_s and self.looked_s is not None else None


def together(parts: list[Looked]) -> Looked:
    """The sum; not known where a part is not."""
    looked = [part.looked_s for part in parts]
    known = [seconds for seconds in looked if seconds is not None]
    return Looked(
        sum(part.open_s for part in parts), sum(known) if len(known) == len(looked) else None
    )


def hours_of(day: int, ahead: Ahead) -> list[tuple[Hour, int]]:
    """The hours of a local day, with their seconds: 23 or 25 where the clocks are changed."""
    return list(_hours(round(midnight_s(day, ahead)), round(midnight_s(day + 1, ahead)), ahead))


def _hours(start_s: int, end_s: int, ahead: Ahead) -> Iterator[tuple[Hour, int]]:
    while start_s < end_s:
        hour = hour_at(start_s, ahead)
        next_s = min(hour.start_s + HOUR_S, end_s)
        yield hour, next_s - start_s
        start_s = next_s


def of_hours(
    hours: list[tuple[Hour, int]], sums: Mapping[Hour, Sums], week: Week, now_s: float
) -> dict[Hour, Looked]:
    """Each hour's, up to now.

    A window lies in the hour in which it starts: what it observed beyond that hour goes on into the
    next ones. Of an hour in which the place opens or closes the camera is taken to have looked
    evenly.
    """
    found: dict[Hour, Looked] = {}
    beyond_s = 0.0
    for hour, length_s in hours:
        past_s = min(max(now_s - hour.start_s, 0.0), length_s)
        observed_s = beyond_s + (sums[hour]["observed_ms"] / 1000 if hour in sums else 0.0)
        here_s = min(observed_s, past_s)
        beyond_s = observed_s - here_s
        open_s = open_in(hour, past_s, week)
        found[hour] = Looked(open_s, here_s * open_s / past_s if past_s else 0.0)
    return found


def open_in(hour: Hour, length_s: float, week: Week) -> float:
    """For how many seconds the place is open in the first `length_s` of a local hour."""
    local_s = hour.start_s + hour.ahead_s
    day, second = divmod(local_s, DAY_S)
    spans = week[(day - MONDAY) % 7]
    ends = ((max(60 * begin, second), min(60 * end, second + length_s)) for begin, end in spans)
    return float(sum(max(end - begin, 0.0) for begin, end in ends))


def of_day(day: int, sums: Sums, week: Week, ahead: Ahead) -> Looked:
    """A day's whose hours are gone: known only where the place was always open."""
    hours = hours_of(day, ahead)
    open_s = sum(open_in(hour, length_s, week) for hour, length_s in hours)
    always = open_s == sum(length_s for _, length_s in hours)
    return Looked(open_s, min(sums["observed_ms"] / 1000, open_s) if always else None)
