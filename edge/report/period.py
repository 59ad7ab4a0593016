"""A day, week or month as it is asked for, and those it is held beside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

from edge.errors import ConfigError
from edge.history.table import Span

Kind = Literal["day", "week", "month"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FIRST = date(1972, 1, 1)
EPOCH = date(1970, 1, 1)
YEAR = timedelta(weeks=52)
"""A year before, of the same day of the week."""


class Period(NamedTuple):
    """Local days from the first to the last, both in it."""

    kind: Kind
    first: date
    last: date

    @property
    def span(self) -> Span:
        """Its days, counted from 1970."""
        return Span((self.first - EPOCH).days, (self.last - EPOCH).days)

    @property
    def name(self) -> str:
        """2026-03-07, 2026-W10 or 2026-03."""
        if self.kind == "day":
            return self.first.isoformat()
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02d}"


def date_of(day: int) -> date:
    """A day counted from 1970."""
    return EPOCH + timedelta(days=day)


def asked(kind: Kind, text: str, today: date) -> Period:
    """The period that a text names; ConfigError where it is none, or has not begun."""
    day = _date(kind, text, today)
    if day < FIRST:
        raise ConfigError(f"--{kind} {text}: there was no device before {FIRST}")
    if day > around(kind, today).last:
        raise ConfigError(f"--{kind} {text}: that {kind} has not begun yet; today is {today}")
    return around(kind, day)


def _date(kind: Kind, text: str, today: date) -> date:
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in words:
        return words[text]
    try:
        return date.fromisoformat(f"{text}-01" if kind == "month" and len(text) == 7 else text)
    except ValueError:
        also = {"day": "", "week": ", a week such as 2026-W10", "month": ", a month as 2026-03"}
        raise ConfigError(
            f"--{kind} {text}: expected a date such as 2026-03-07{also[kind]}, today or yesterday"
        ) from None


def around(kind: Kind, day: date) -> Period:
    """The period in which a day lies; weeks begin on Monday."""
    if kind == "day":
        return Period(kind, day, day)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Period(kind, first, _next_month(first) - timedelta(days=1))


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def before(period: Period) -> dict[str, Period]:
    """What it is held beside: a week (of a month: a month) and a year before."""
    if period.kind == "month":
        year_ago = period.first.replace(year=period.first.year - 1)
        return {
            "a month before": around("month", period.first - timedelta(days=1)),
            "a year before": around("month", year_ago),
        }
    week = timedelta(weeks=1)
    return {
        name: Period(period.kind, period.first - ago, period.last - ago)
        for name, ago in (("a week before", week), ("a year before", YEAR))
    }
