"""Hours and days of windows follow the clock on the wall, also when clocks are changed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from edge.config.read import load
from edge.config.zone import ahead_in
from edge.errors import ConfigError
from edge.messages.fields import utc_offset
from edge.runtime.census.boundaries import Boundaries
from edge.runtime.census.census import Census
from tests.people.test_census import Wall, watch

HOUR_S, DAY_S = 3_600.0, 86_400.0
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Cairo",  # at midnight, which then is not, or comes twice
    "America/Havana",
    "Pacific/Apia",
)


def at(zone: str, *moment: int, fold: int = 0) -> float:
    return datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[arg-type]


def ends(zone: str, length_s: float, from_s: float, to_s: float) -> list[float]:
    """The ends of all windows between two moments, the first at `from_s`."""
    boundaries, found = Boundaries(length_s, ahead_in(zone)), [from_s]
    while found[-1] < to_s:
        found.append(boundaries.following(found[-1]))
    return found


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("Europe/Berlin", (2026, 7, 1), 24),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Africa/Cairo", (2026, 4, 24), 23),
        ("Africa/Cairo", (2026, 10, 29), 25),
        ("America/Havana", (2026, 3, 8), 23),
        ("Asia/Kolkata", (2026, 3, 29), 24),
    ],
)
def test_a_day_is_from_midnight_to_midnight(zone: str, day: tuple, hours: float) -> None:
    """Of 23 and 25 hours where clocks are changed, also where that is at midnight."""
    noon_s = at(zone, *day, 12)
    boundaries = Boundaries(DAY_S, ahead_in(zone))
    end_s = boundaries.after(noon_s)
    start_s = boundaries.after(end_s - 26 * HOUR_S)
    assert (end_s - start_s) / HOUR_S == hours
    assert boundaries.following(start_s) == end_s
    following = datetime(*day) + timedelta(days=1)
    assert datetime.fromtimestamp(end_s, ZoneInfo(zone)).date() == following.date()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("length_s", [900.0, HOUR_S, 2 * HOUR_S, 6 * HOUR_S, DAY_S])
def test_a_year_of_windows_has_neither_gap_nor_sliver(zone: str, length_s: float) -> None:
    """Each but those at a change is as long as configured and ends at a multiple by the clock."""
    from_s = Boundaries(length_s, ahead_in(zone)).after(at(zone, 2026, 1, 1, 12))
    found = ends(zone, length_s, from_s, from_s + 366 * DAY_S)
    odd = [end - start for start, end in pairwise(found) if end - start != length_s]
    assert len(odd) <= 4
    assert all(0.5 * length_s < length <= 1.5 * length_s for length in odd)
    for end_s in found:
        local = datetime.fromtimestamp(end_s, ZoneInfo(zone))
        clock_s = (local - local.replace(hour=0, minute=0, second=0)).seconds
        changed = datetime.fromtimestamp(end_s - 1, ZoneInfo(zone)).utcoffset()
        assert clock_s % length_s == 0 or changed != local.utcoffset()


@pytest.mark.parametrize("minutes_ahead", [330, 345, -210, 60])
def test_hours_begin_on_the_hour(minutes_ahead: int) -> None:
    """In a zone that is half an hour off, at its own full hours."""
    boundaries = Boundaries(HOUR_S, lambda _: minutes_ahead * 60.0)
    assert (boundaries.after(1_800_000_123.0) + minutes_ahead * 60) % HOUR_S == 0


@settings(max_examples=300)
@given(
    st.sampled_from(ZONES),
    st.floats(1, 86_400, allow_nan=False).map(lambda value: round(value, 2)),
    st.floats(1.6e9, 2.1e9),
)
def test_there_is_always_a_next_end(zone: str, length_s: float, wall_s: float) -> None:
    """It lies ahead, no further than a length and what clocks are put back by."""
    boundaries = Boundaries(length_s, ahead_in(zone))
    end_s = boundaries.after(wall_s)
    assert wall_s < end_s <= wall_s + length_s + HOUR_S + 0.01
    assert boundaries.near(end_s + 0.01, 0.05) == end_s


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)])
def test_the_census_counts_a_day_of_the_zone(month: int, day: int, hours: int) -> None:
    """Through both changes the window is whole, its stamps are right, and so is its length."""
    midnight_s = at("Europe/Berlin", 2026, month, day)
    census = Census(DAY_S, Wall(midnight_s), ahead=ahead_in("Europe/Berlin"))
    windows = watch(census, 0.0, 50 * HOUR_S, fps=1 / 600)
    assert [window.start_s for window in windows[:1]] == [midnight_s]
    assert windows[0].window_s == hours * HOUR_S
    assert windows[1].window_s == 24 * HOUR_S
    assert windows[0].end_s == windows[1].start_s


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    """Clocks are put back at its end, and it is counted once more."""
    two = at("Europe/Berlin", 2026, 10, 25, 2)
    found = ends("Europe/Berlin", HOUR_S, two, two + 2 * HOUR_S)
    assert found == [two, two + HOUR_S, two + 2 * HOUR_S]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "+00:00"), (19_800, "+05:30"), (-12_600, "-03:30"), (46_800, "+13:00")],
)
def test_the_offset_is_written_as_in_stamps(seconds: float, text: str) -> None:
    """With a sign, hours and minutes."""
    assert utc_offset(seconds) == text


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", "/etc/localtime", "\0"])
def test_a_zone_that_is_none_is_named(zone: str) -> None:
    """In a sentence, with what would be right."""
    with pytest.raises(ConfigError, match="a time zone such as Europe/Berlin"):
        load(None, [f'window.timezone="{zone}"' if zone != "\0" else r'window.timezone="\u0000"'])


@pytest.mark.parametrize(
    ("zone", "ahead"), [("Asia/Kolkata", 19_800.0), ("UTC", 0.0), ("Nowhere/None", 0.0)]
)
def test_the_systems_zone_is_the_default(zone: str, ahead: float) -> None:
    """As the process is told it; UTC where that can't be had."""
    code = "from edge.config.zone import ahead_in; print(ahead_in('')(1.8e9))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=os.environ | {"TZ": zone},
    )  # fmt: skip
    assert float(done.stdout) == ahead
