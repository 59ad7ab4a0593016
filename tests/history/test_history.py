"""The history: every told window is in the sums once, whatever ends, damages or fills its file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from edge.history import table
from edge.history.history import FILE_NAME, History
from edge.history.sums import BESIDE, PEOPLE, Hour, hour_at
from edge.messages.counts import lost_window
from edge.messages.fields import timestamp
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from edge.publish.delivery import Delivery
from edge.publish.service import _history
from tests.history.support import (
    BERLIN,
    NOON_S,
    NUMBERING,
    PLACES,
    UTC,
    config,
    kept,
    people,
    read,
    some,
    untold,
    waiting,
    wanted,
    window,
)


def test_hours_are_plain_sums_of_what_windows_told(tmp_path: Path) -> None:
    """Nothing else is in them, and a window is in the local hour in which it starts."""
    windows = some(NOON_S - 600, 200)
    kept(tmp_path, windows)
    found = read(tmp_path).hours
    assert found == wanted(windows)
    first = found[Hour(round(NOON_S) - 3600, 7200)]
    early = windows[:10]
    assert first["people"] == sum(each.people for each in early)
    assert first["untold_people"] == sum(each.people for each in early if each.people < 5)
    assert first["lines_untold_people"] == first["untold_people"]
    assert first["zones_untold_people"] == first["people"]
    assert (first["windows"], first["window_ms"]) == (10, 600_000)


def test_a_window_that_comes_again_is_not_counted_again(tmp_path: Path) -> None:
    """Alone, in another company, after a restart, and as a whole back-log."""
    windows = some(NOON_S, 50)
    kept(tmp_path, windows)
    kept(tmp_path, windows[::-1], each=1)
    kept(tmp_path, windows, each=50)
    assert read(tmp_path).hours == wanted(windows)


def test_windows_that_never_came_are_counted_and_found_again(tmp_path: Path) -> None:
    """By the numbers between; one that comes late after all is counted, and is missing no more."""
    windows = some(NOON_S, 10)
    kept(tmp_path, [*windows[:3], *windows[6:]])
    sums = sum(read(tmp_path).hours.values(), Counter())
    assert (sums["windows"], sums["missing"]) == (7, 3)
    kept(tmp_path, windows[3:4])
    kept(tmp_path, windows)
    sums = sum(read(tmp_path).hours.values(), Counter())
    assert (sums["windows"], sums["missing"], sums["late"]) == (10, 3, 3)


def test_a_window_counts_once_whether_it_waits_or_was_delivered(tmp_path: Path) -> None:
    """Also in between: in the history already, and still in the outbox."""
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        windows = waiting(outbox, some(NOON_S, 40))
        assert read(tmp_path).hours == wanted(windows)
        for first in range(0, 40, 7):
            kept(tmp_path, windows[: first + 7])
            assert read(tmp_path).hours == wanted(windows)
            outbox.remove(each.seq for each in windows[:first])
            found = read(tmp_path)
            assert found.hours == wanted(windows)
            assert sum(found.waiting.values()) == len(windows[first + 7 :])


KILLED = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from edge.history.history import FILE_NAME, History
    from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME, Outbox
    from tests.history.support import BERLIN
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    outbox = Outbox(folder / OUTBOX_NAME, owner=False)
    history = History(folder / FILE_NAME, BERLIN)
    while batch := outbox.peek(4):
        for step in (lambda: history.take(batch), lambda: outbox.remove(w.seq for w in batch)):
            if steps == 0:
                os.kill(os.getpid(), 9)
            steps -= 1
            assert step()
""")


@pytest.mark.parametrize("steps", range(0, 11))
def test_killed_between_the_two_files_nothing_is_lost_or_doubled(
    tmp_path: Path, steps: int
) -> None:
    """At every step; the next start delivers again what had not left the outbox."""
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        windows = waiting(outbox, some(NOON_S, 20))
    for limit in (steps, 99):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(limit)]
        subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
        assert read(tmp_path).hours == wanted(windows)
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        assert outbox.depth() == 0


def test_delivery_fills_it_and_a_repeated_puback_changes_nothing(tmp_path: Path) -> None:
    """Windows are handed to the broker twice, and acknowledged twice."""
    with Outbox(tmp_path / OUTBOX_NAME) as outbox, History(tmp_path / FILE_NAME, BERLIN) as kept_in:
        windows = waiting(outbox, some(NOON_S, 6))

        def remove(delivered: Any) -> bool:
            kept_in.take(delivered)
            return outbox.remove(each.seq for each in delivered)

        delivery = Delivery(outbox, refused_retry_s=1.0, places=PLACES, remove=remove)
        for first in (1, 100):  # the connection is lost before any answer
            ids = iter(range(first, first + 99))
            delivery.restart()
            delivery.fill(0.0, lambda _, ids=ids: next(ids), 6)
        for number in (*range(100, 106), *range(100, 106)):
            delivery.answered(number, None, 0.0)
        delivery.settle()
        assert outbox.depth() == 0
        assert read(tmp_path).hours == wanted(windows)


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 5, 5), 24)]
)
def test_a_day_has_its_hours_over_both_changes_of_the_clocks(
    tmp_path: Path, day: tuple[int, int, int], hours: int
) -> None:
    """The hour that comes twice is two, by its offset."""
    start_s = datetime(*day, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    windows = [window(start_s + 900 * i, i + 1, minutes=15) for i in range(4 * hours)]
    kept(tmp_path, windows)
    found = read(tmp_path).hours
    assert {hour.day for hour in found} == {hour_at(start_s, BERLIN).day}
    assert [found[hour]["people"] for hour in sorted(found)] == [12] * hours


def test_a_clock_that_is_set_back_costs_nothing(tmp_path: Path) -> None:
    """Windows are summed under their stamps, and those of a clock not set are counted as such."""
    windows = [
        window(NOON_S, 1),
        window(NOON_S - 7200, 2, clock_synced=False),
        window(120.0, 3, clock_synced=False),
        window(NOON_S + 60, 4),
    ]
    kept(tmp_path, windows)
    found = read(tmp_path).hours
    assert found == wanted(windows)
    assert sum(sums["unsynchronised"] for sums in found.values()) == 2
    assert found[hour_at(120.0, BERLIN)]["people"] == 3


def test_a_lost_window_without_a_time_lies_beside_its_neighbours(tmp_path: Path) -> None:
    """Its stamp of 1970 would hide it from every report."""
    lost = lost_window(2, NUMBERING, "unknown", timestamp(0), timestamp(0))
    kept(tmp_path, [window(NOON_S, 1), lost, window(NOON_S + 60, 3)])
    (hour,) = read(tmp_path).hours.values()
    assert (hour["windows"], hour["lost"], hour["people"]) == (3, 1, 6)


def test_delivered_while_it_was_off_is_not_called_lost(tmp_path: Path) -> None:
    """Off, it notes the numbers of windows and nothing else of them."""
    path = tmp_path / FILE_NAME
    with History(path, BERLIN) as history:
        assert history.take([window(NOON_S, 1)])
    with History(path, BERLIN, sums=False) as history:
        assert history.take([window(NOON_S + 60 * n, n) for n in range(2, 40)])
    with History(path, BERLIN) as history:
        assert history.take([window(NOON_S + 60 * 40, 40), window(NOON_S + 60 * 39, 39)])
    sums = sum(read(tmp_path).hours.values(), Counter())
    assert (sums["people"], sums["windows"], sums["missing"]) == (6, 2, 0)


def test_hours_of_the_oldest_day_become_its_sum_and_days_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their number, so that no jump of the clock empties the file."""
    monkeypatch.setattr(table, "HOURLY_DAYS", 3)
    monkeypatch.setattr(table, "DAYS_MAX", 2)
    windows = [window(NOON_S + 43_200 * half, half + 1) for half in range(14)]
    kept(tmp_path, windows, UTC, each=1)
    kept(tmp_path, [window(4e9, 15, clock_synced=False), window(60.0, 16, clock_synced=False)], UTC)
    found = read(tmp_path, UTC)
    first = hour_at(NOON_S, UTC).day
    assert sorted({hour.day for hour in found.hours}) == [
        first + 5,
        first + 6,
        hour_at(4e9, UTC).day,
    ]
    assert sorted(found.days) == [first + 3, first + 4]
    assert {sums["people"] for sums in found.days.values()} == {6}


def test_names_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has taken over vision can't fill the card with names of networks."""
    monkeypatch.setattr(table, "NAMES_MAX", 30)
    kept(tmp_path, [window(NOON_S, seq, model=f"m{seq}") for seq in range(1, 99)])
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM names").fetchone()[0] <= 31
    assert people(tmp_path) == 3 * 98


def test_numbers_are_bounded(tmp_path: Path) -> None:
    """Sums stop at the largest number that is told, instead of being refused for ever."""
    kept(tmp_path, [window(NOON_S, seq, window_s=1e12, observed_s=1e12) for seq in range(1, 12)])
    (hour,) = read(tmp_path).hours.values()
    assert hour["window_ms"] == 2**53
    assert hour["people"] == 33


def test_no_column_can_hold_a_picture(tmp_path: Path) -> None:
    """Whole numbers, and two columns of short checked text."""
    kept(tmp_path, some(NOON_S, 3))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        texts = []
        for name in table.TABLES:
            for column in connection.execute(f"PRAGMA table_info({name})"):
                assert column[2] in ("INTEGER", "TEXT")
                texts += [(name, column[1])] * (column[2] == "TEXT")
        assert texts == [("names", "name"), ("applied", "numbering")]
        for bad in ("x" * 81, "a b", "ä", b"\x00" * 9):
            with pytest.raises(sqlite3.Error):
                connection.execute("INSERT INTO names (name) VALUES (?)", (bad,))


@pytest.mark.slow
def test_400_days_with_every_key_stay_under_20_mb(tmp_path: Path) -> None:
    """Every hour of 400 days, and all earlier days, with every sum there can be."""
    zones = [f"zone_z{i}_people" for i in range(16)]
    places = [*zones, *(f"line_l{i}_{way}" for i in range(16) for way in ("in", "out"))]
    every = dict.fromkeys((*PEOPLE, *BESIDE), 5_000) | {"folding": "rounding:5"}
    full = [
        window(0.0, 1, **every, places=dict.fromkeys(places, 5_000)),
        replace(untold(window(0.0, 1, 4_000)), passers=None, places=dict.fromkeys(places)),
    ]
    hours = 24 * (table.HOURLY_DAYS + 1)
    with History(tmp_path / FILE_NAME, UTC) as history:
        for day in range(0, hours, 24):
            times = [3600.0 * hour for hour in range(day, day + 24)]
            batch = [
                replace(each, start=timestamp(start_s), seq=2 * (round(start_s) // 3600) + i)
                for start_s in times
                for i, each in enumerate(full)
            ]
            assert history.take(batch)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
        days = connection.execute("SELECT count(DISTINCT day) FROM hours").fetchone()
        assert days == (table.HOURLY_DAYS,)
        for day in range(1, table.DAYS_MAX):
            connection.execute(
                "INSERT INTO day_sums SELECT day + ?, name, value FROM day_sums WHERE day = 0",
                (day,),
            )
        sums = connection.execute("SELECT count(*) FROM names").fetchone()[0]
    size_mb = (tmp_path / FILE_NAME).stat().st_size / 1e6
    print(f"\n{sums} sums an hour, {table.DAYS_MAX} days besides: {size_mb:.1f} MB")
    assert sums >= len(PEOPLE) + len(places)
    assert size_mb < 20


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    """Then no file is made."""
    with ExitStack() as stack:
        _history(config(tmp_path, enabled=False), stack)(some(NOON_S, 3))
    assert list(tmp_path.iterdir()) == []
    with ExitStack() as stack:
        _history(config(tmp_path), stack)(some(NOON_S, 3))
    assert (tmp_path / FILE_NAME).exists()
