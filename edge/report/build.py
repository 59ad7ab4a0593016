"""History and outbox → the report of a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from edge.config.opening import Week, opening
from edge.config.tables import Config
from edge.config.zone import Ahead, ahead_in
from edge.history.read import Recorded, Rules, Sums, recorded
from edge.history.sums import FOLDING, HOUR_S, Hour, named
from edge.history.table import HOURLY_DAYS, Span
from edge.report import coverage
from edge.report.coverage import Looked
from edge.report.figures import Beside, Figures, Note, Report, Row, bands_in
from edge.report.period import Kind, Period, asked, before, date_of

Correct = Callable[[Config, Sums, list[str]], tuple[dict[str, float], str]]
"""Sums in these bands → the `est_…` keys, and a sentence where there are none."""


def uncorrected(_config: Config, _sums: Sums, _bands: list[str]) -> tuple[dict[str, float], str]:
    """No estimates, for a process that holds no numpy."""
    return {}, ""


class _Day(NamedTuple):
    rows: list[Row]
    figures: Figures
    rolled: bool
    """Whether its hours are gone."""


class _Source(NamedTuple):
    """What is recorded, and by what time and opening hours it is looked at."""

    found: Recorded
    config: Config
    ahead: Ahead
    now_s: float

    def days(self, span: Span) -> dict[int, _Day]:
        """Each local day's hours and their sum."""
        week = opening(self.config.history.opening_hours)
        hours = {
            day: coverage.hours_of(day, self.ahead) for day in range(span.first - 1, span.last + 1)
        }
        # From the day before on, whose last window may reach into the first.
        every = [hour for day in hours.values() for hour in day]
        looked = coverage.of_hours(every, self.found.hours, week, self.now_s)
        return {
            day: self._day(day, [(hour, looked[hour]) for hour, _ in hours[day]], week)
            for day in range(span.first, span.last + 1)
        }

    def _day(self, day: int, hours: Sequence[tuple[Hour, Looked]], week: Week) -> _Day:
        """The hours of a local day and their sum; one kept as a day alone is its own row."""
        rolled = self.found.days.get(day)
        if rolled is not None:
            here = (self.found.hours.get(hour, Counter()) for hour, _ in hours)
            sums = sum(here, Counter[str]()) + rolled
            figures = Figures(sums, coverage.of_day(day, rolled, week, self.ahead))
            return _Day([Row(date_of(day).isoformat(), "day", figures)], figures, True)
        rows = [
            Row(_stamp(hour.start_s, hour.ahead_s), _clock(hour.start_s, hour.ahead_s),
                Figures(self.found.hours.get(hour, Counter()), looked))
            for hour, looked in hours
        ]  # fmt: skip
        return _Day(rows, _sum([row.figures for row in rows]), False)

    def period(self, period: Period) -> tuple[list[Row], Figures]:
        """Its rows, hours of a day or else days, and their sum."""
        days = self.days(period.span)
        total = _sum([day.figures for day in days.values()])
        if period.kind == "day":
            return days[period.span.first].rows, total
        dates = {day: date_of(day) for day in days}
        return [
            Row(dates[day].isoformat(), f"{dates[day]:%a %Y-%m-%d}", found.figures)
            for day, found in days.items()
        ], total

    def until(self, period: Period, whole: int, clock: str) -> Figures | None:
        """Of a period's first `whole` days, and of the next one the hours before `clock`.

        None where that day's hours are gone.
        """
        days = list(self.days(period.span).values())[: whole + 1]
        parts = [day.figures for day in days[:whole]]
        if len(days) > whole:
            if days[whole].rolled:
                return None
            parts += [row.figures for row in days[whole].rows if row.label < clock]
        return _sum(parts)

    def beside(
        self, total: Figures, period: Period, earlier: Mapping[str, Period], now: datetime
    ) -> Iterator[Beside]:
        """The earlier periods: whole, or up to the last full hour of one that is not over.

        `total` is the period's own sum until now.
        """
        if now.date() > period.last:
            for name, one in earlier.items():
                yield Beside(name, one, self.period(one)[1], total)
            return
        whole, clock = (now.date() - period.first).days, f"{now:%H}:00"
        ours = self.until(period, whole, clock)
        for name, one in earlier.items():
            if (until := self.until(one, whole, clock)) is not None:
                yield Beside(name, one, until, ours, clock)
            else:
                yield Beside(name, one, self.period(one)[1], None)

    def waiting(self, period: Period) -> int:
        """Windows of a period that still wait for the broker."""
        first, last = period.span
        return sum(n for hour, n in self.found.waiting.items() if first <= hour.day <= last)


def build(
    config: Config, kind: Kind, text: str, now_s: float, correct: Correct = uncorrected
) -> Report:
    """The report of what `text` names; ConfigError where that is no period."""
    ahead = ahead_in(config.window.timezone)
    now = _local(now_s, ahead(now_s))
    period = asked(kind, text, now.date())
    earlier = before(period)
    found = recorded(
        Path(config.paths.state),
        Rules(config.space.keys, ahead),
        # A day more at either end: they may have been other days by an earlier local time.
        [Span(one.span.first - 1, one.span.last + 1) for one in (period, *earlier.values())],
    ).regrouped(ahead)
    source = _Source(found, config, ahead, now_s)
    rows, total = source.period(period)
    bands = bands_in(total.sums, config.window.bands)
    hours_gone = kind == "day" and period.span.first in found.days
    notes = _notes(config, total.sums, source.waiting(period), hours_gone=hours_gone)
    estimates, reason = correct(config, total.sums, bands)
    return Report(
        device=f"{config.device.site}/{config.device.name}",
        period=period,
        until=f"{now:%H:%M}" if period.last >= now.date() else "",
        rows=rows,
        total=total,
        beside=list(source.beside(total, period, earlier, now)),
        bands=bands,
        estimates=estimates,
        notes=[*([Note("", {"reason": reason})] if reason else []), *notes],
    )


def days_of(config: Config, days: int, now_s: float) -> list[Row]:
    """The last so many local days, the running one included, a row each."""
    ahead = ahead_in(config.window.timezone)
    today = _local(now_s, ahead(now_s)).date()
    period = Period("month", today - timedelta(days=days - 1), today)
    span = Span(period.span.first - 1, period.span.last + 1)
    rules = Rules(config.space.keys, ahead)
    found = recorded(Path(config.paths.state), rules, [span]).regrouped(ahead)
    return _Source(found, config, ahead, now_s).period(period)[0]


def _notes(config: Config, sums: Sums, waiting: int, *, hours_gone: bool) -> list[Note]:
    """What a reader must know of the numbers."""
    long_s = sums["window_ms"] / 1000 / max(sums["windows"] - sums["lost"], 1)
    ks = _rounding(sums)
    found = [
        (waiting > 0, Note("waiting", {"windows": waiting})),
        (hours_gone, Note("hours_gone", {"days": HOURLY_DAYS})),
        (long_s > HOUR_S, Note("long")),
        (bool(ks), Note("rounding", {"k": ", ".join(map(str, ks))})),
        (sums["noisy"] > 0, Note("noise")),
        (not config.history.enabled, Note("disabled")),
    ]
    return [note for holds, note in found if holds]


def _rounding(sums: Sums) -> list[int]:
    """The thresholds that windows were folded under, where there were any."""
    folded = [each.split(":") for each in named(sums, FOLDING)]
    return sorted({int(k) for method, k in folded if method == "rounding"})


def _sum(parts: list[Figures]) -> Figures:
    sums: Sums = Counter()
    for part in parts:
        sums.update(part.sums)
    return Figures(
        sums, coverage.together([part.looked for part in parts]) if parts else Looked(0, 0)
    )


def _local(wall_s: float, ahead_s: float) -> datetime:
    return datetime.fromtimestamp(wall_s, timezone(timedelta(seconds=ahead_s)))


def _stamp(start_s: int, ahead_s: int) -> str:
    return _local(start_s, ahead_s).isoformat(timespec="minutes")


def _clock(start_s: int, ahead_s: int) -> str:
    return f"{_local(start_s, ahead_s):%H:%M}"
