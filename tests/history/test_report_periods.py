"""Periods of a report: their names, hours, days, coverage, and earlier ones beside them."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edge.errors import ConfigError
from edge.history import table
from edge.report.as_csv import as_csv
from edge.report.as_json import as_json
from edge.report.as_text import as_text
from edge.report.build import build
from tests.history.support import (
    DAY_S,
    ZONE,
    config,
    day_of,
    kept,
    window,
)


def test_a_day_is_held_beside_those_of_a_week_and_a_year_before(tmp_path: Path) -> None:
    """The year before is that of the same day of the week."""
    days = {0: 30, 7: 20, 364: 60}
    ordered = enumerate(sorted(days.items(), reverse=True), 1)
    kept(tmp_path, [window(DAY_S - 86_400 * ago, seq, people) for seq, (ago, people) in ordered])
    text = as_text(day_of(tmp_path), "")
    assert "shop/door, day 2026-03-07\n30 people" in text
    assert "a week before (2026-02-28): 20, +50 %" in text
    assert "a year before (2025-03-08): 60, -50 %" in text
    assert "nothing is kept of it" in as_text(day_of(tmp_path, "2026-03-06"), "")


@pytest.mark.parametrize(
    ("kind", "hours"), [("day", 9), ("week", 5 * 24 + 9), ("month", 6 * 24 + 9)]
)
def test_a_running_period_is_held_beside_as_much_of_an_earlier_one(
    tmp_path: Path, kind: Any, hours: int
) -> None:
    """Where ten people come every hour of every day, a Saturday morning is as good as any."""
    first_s = DAY_S - 70 * 86_400
    every = range(0, 70 * 24 + 9)
    kept(tmp_path, [window(first_s + 3600 * n, n + 1, 10) for n in every], each=500)
    report = build(config(tmp_path), kind, "today", DAY_S + 9.7 * 3600)
    (near, far) = report.beside
    assert near.figures.sums["people"] == near.ours.sums["people"] == 10 * hours
    assert f"{near.period.name}, until 09:00): {10 * hours}, +0 %" in as_text(report, "")
    assert far.ours is None or not far.figures.known
    assert json.loads(as_json(report))["beside"][0]["until"] == "09:00"


@pytest.mark.parametrize(
    ("kind", "text", "named"),
    [
        ("day", "yesterday", ("2026-03-09", "2026-03-09", "2026-03-09")),
        ("week", "2026-03-07", ("2026-W10", "2026-03-02", "2026-03-08")),
        ("week", "2026-W10", ("2026-W10", "2026-03-02", "2026-03-08")),
        ("week", "2026-03-15", ("2026-W11", "2026-03-09", "2026-03-15")),
        ("month", "2026-02", ("2026-02", "2026-02-01", "2026-02-28")),
        ("month", "2024-02-29", ("2024-02", "2024-02-01", "2024-02-29")),
        ("month", "today", ("2026-03", "2026-03-01", "2026-03-31")),
    ],
)
def test_a_period_is_named_by_any_of_its_days(
    tmp_path: Path, kind: Any, text: str, named: tuple[str, str, str]
) -> None:
    """Weeks begin on Monday; today is that of local time."""
    kept(tmp_path, [])
    told = json.loads(as_json(day_of(tmp_path, text, kind)))
    assert (told["name"], told["first_day"], told["last_day"]) == named


@pytest.mark.parametrize(
    "text",
    ["", "7.3.2026", "2026-02-30", "tomorrow", "2026-04-01", "1969-07-20", "9999-12-31",
     "0001-01-01"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["day", "week", "month"])
def test_what_is_no_period_is_refused(tmp_path: Path, kind: Any, text: str) -> None:
    """In one sentence, which names the flag."""
    kept(tmp_path, [])
    with pytest.raises(ConfigError, match=f"--{kind}"):
        day_of(tmp_path, text, kind)


def test_by_day_of_a_week_and_by_hour_of_a_day(tmp_path: Path) -> None:
    """Rows add up to the total, and a day without windows is empty, not nobody."""
    windows = [window(DAY_S - 86_400 + 3600 * hour, hour + 1, hour % 5) for hour in range(48)]
    kept(tmp_path, windows)
    week = list(csv.DictReader(io.StringIO(as_csv(day_of(tmp_path, kind="week")))))
    assert [row["people"] for row in week] == ["", "", "", "", "46", "47", ""]
    assert [row["date"][-2:] for row in week] == ["02", "03", "04", "05", "06", "07", "08"]
    day = list(csv.DictReader(io.StringIO(as_csv(day_of(tmp_path)))))
    assert (day[0]["hour"], len(day)) == ("2026-03-07T00:00+01:00", 24)
    assert [int(row["people"]) for row in day] == [hour % 5 for hour in range(24, 48)]


@pytest.mark.parametrize(("date", "hours"), [("2026-03-29", 23), ("2025-10-26", 25)])
def test_the_day_of_a_change_of_clocks_has_its_hours(tmp_path: Path, date: str, hours: int) -> None:
    """The hour that comes twice is told by its offset, and the camera looked all day."""
    start_s = datetime.fromisoformat(date).replace(tzinfo=ZONE).timestamp()
    kept(tmp_path, [window(start_s + 900 * i, i + 1, minutes=15) for i in range(4 * hours)])
    report = build(config(tmp_path), "day", date, start_s + 9e5)
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [row["people"] for row in rows] == ["12"] * hours
    assert len({row["hour"] for row in rows}) == hours
    assert report.total.looked == (3600.0 * hours, 3600.0 * hours)


def test_coverage_is_of_the_opening_hours_until_now(tmp_path: Path) -> None:
    """What was looked at while closed does not count, nor what is still to come."""
    looked = [*range(0, 12 * 60), *range(13 * 60, 14 * 60 + 30)]
    kept(tmp_path, [window(DAY_S + 60 * minute, minute + 1, 1) for minute in looked])
    hours = "Mo-Fr 08:00-20:00, Sa 10:00-16:00"
    whole = day_of(tmp_path, opening_hours=hours)
    assert whole.total.looked == (6 * 3600.0, 3.5 * 3600.0)
    assert f"the camera looked 58 % of opening hours ({hours})" in as_text(whole, hours)
    until = build(config(tmp_path, opening_hours=hours), "day", "today", DAY_S + 12 * 3600)
    assert until.total.looked.share == 1.0
    assert "until 12:00" in as_text(until, hours)
    half = day_of(tmp_path, opening_hours="Sa 13:30-14:30")
    assert half.total.looked == (3600.0, 1800.0 + 0.5 * 1800.0)
    closed = day_of(tmp_path, opening_hours="Su 10:00-12:00")
    assert "the place was not open" in as_text(closed, "Su 10:00-12:00")


def test_long_windows_cover_the_hours_that_follow(tmp_path: Path) -> None:
    """A window of six hours lies in the first; a note says so."""
    kept(tmp_path, [window(DAY_S + 21_600 * i, i + 1, minutes=360) for i in range(4)])
    report = day_of(tmp_path, opening_hours="10:00-16:00")
    assert report.total.looked.share == 1.0
    assert any("longer than an hour" in note.text for note in report.notes)


@pytest.mark.parametrize(("length_h", "first_h"), [(10, 0), (24, 2), (7, -3)])
def test_windows_that_run_over_midnight_leave_no_gap(
    tmp_path: Path, length_h: int, first_h: int
) -> None:
    """A camera that was never off looked all the time, whatever the windows' length."""
    starts = range(first_h - length_h, 4 * 24, length_h)
    windows = [
        window(DAY_S + 3600 * start, n, minutes=60 * length_h) for n, start in enumerate(starts, 1)
    ]
    kept(tmp_path, windows)
    for date in ("2026-03-08", "2026-03-09"):
        assert day_of(tmp_path, date).total.looked.share == pytest.approx(1.0)


def test_days_whose_hours_are_gone_are_still_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their total, and the coverage where that can be known."""
    monkeypatch.setattr(table, "HOURLY_DAYS", 1)
    kept(tmp_path, [window(DAY_S + 60 * i, i + 1) for i in range(1440)])
    kept(tmp_path, [window(DAY_S + 86_400, 1441)])
    report = day_of(tmp_path)
    assert report.total.sums["people"] == 3 * 1440
    assert report.total.looked.share == 1.0
    hours = day_of(tmp_path, opening_hours="10:00-16:00")
    assert "is not known: hours are kept for 400 days" in as_text(hours, "10:00-16:00")


def test_a_changed_time_zone_moves_the_hours_and_loses_none(tmp_path: Path) -> None:
    """What was kept by UTC is told by the local time of now."""
    kept(tmp_path, [window(DAY_S + 3600 * i, i + 1) for i in range(24)], lambda _: 0.0)
    rows = list(csv.DictReader(io.StringIO(as_csv(day_of(tmp_path)))))
    assert [row["people"] for row in rows] == ["3"] * 24
