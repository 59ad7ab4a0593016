"""A report costs what is asked, not what is stored: SQLite's instructions, PostgreSQL's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.columns import COLUMNS
from hub.report.alarms import alarms
from hub.report.build import build
from hub.report.question import DEVICES, GAPS, SUMS, Question
from hub.store import Store, open_store
from hub.store.postgresql import PostgresStore
from hub.store.sqlite import SqliteStore
from tests.hub.support import window

DAY = date(2028, 3, 4)
DEVICES_STORED = 4
WINDOWS_A_DAY = 6
ALL = Question("day", "device", DAY, DAY)


def filled(store: Store, days: int) -> None:
    """So many days up to DAY of some devices, a window missing on each."""
    minutes = [
        1440 * ((DAY - date(2026, 1, 1)).days - day) + 3 * number + (number > 2)
        for day in range(days)
        for number in range(WINDOWS_A_DAY)
    ]
    names = [f"door{number}" for number in range(DEVICES_STORED)]
    for name in names:
        store.write([window(minute, device=name) for minute in minutes], [], 0)


def instructions(store: SqliteStore, work: Callable[[Store], object]) -> int:
    """How many of its virtual machine's SQLite takes for it."""
    taken = 0

    def one() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection = store._connect()
    connection.set_progress_handler(one, 1)
    work(store)
    connection.set_progress_handler(None, 1)
    return taken


def embedded(folder: Path, days: int) -> Iterator[SqliteStore]:
    with closing(SqliteStore(str(folder / "hub.sqlite3"))) as store:
        filled(store, days)
        yield store


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """As much as the alarms look back."""
    yield from embedded(tmp_path_factory.mktemp("weeks"), 63)


@pytest.fixture(scope="module")
def many_weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """The same days, and ten times as many before."""
    yield from embedded(tmp_path_factory.mktemp("many_weeks"), 630)


@pytest.mark.parametrize(
    "work",
    [
        lambda store: build(store, ALL),
        lambda store: build(store, ALL._replace(per="site")),
        lambda store: build(store, ALL, "week"),
        lambda store: alarms(store, ALL, 0.0, 60.0),
    ],
    ids=["device", "site", "before", "alarms"],
)
def test_years_that_are_not_asked_for_cost_nothing(
    weeks: SqliteStore, many_weeks: SqliteStore, work: Callable[[Store], object]
) -> None:
    """Of all devices: neither gaps nor who there is reads what lies on other days."""
    assert instructions(many_weeks, work) < 1.02 * instructions(weeks, work)


def test_twice_the_days_cost_twice_at_most(weeks: SqliteStore) -> None:
    """A day's windows cost the same whenever they came."""

    def taken(days: int) -> int:
        question = ALL._replace(first=DAY - timedelta(days=days - 1))
        return instructions(weeks, lambda store: build(store, question))

    assert taken(20) < 2.05 * taken(10)


QUERIES = [
    SUMS["day", "device", (False, False)],
    SUMS["week", "site", (False, False)],
    GAPS["day", (False, False)],
    GAPS["week", (False, False)],
    DEVICES[False, False],
]


@pytest.fixture(scope="module")
def years(postgres: Any) -> Iterator[PostgresStore]:
    """Two windows a minute for days, of two devices, and a day of which is asked."""
    with closing(open_store(postgres.database())) as store:
        assert isinstance(store, PostgresStore)
        store.write([window(0, device=name) for name in ("door", "till")], [], 0)
        own = {"seq": "seq + n", "day": "day + (n / 100)", "week": "week + 7 * (n / 700)"}
        chosen = ", ".join(own.get(name, name) for name in COLUMNS)
        store._connect().execute(
            f"INSERT INTO agender.windows ({', '.join(COLUMNS)}) SELECT {chosen} "
            "FROM agender.windows, generate_series(1, 20000) AS n WHERE n % 50 <> 7".encode()
        )
        store._connect().execute("ANALYZE")
        yield store


@pytest.mark.parametrize("query", QUERIES)
def test_a_database_reads_the_days_that_are_asked_for(years: PostgresStore, query: str) -> None:
    values = ALL._replace(first=date(2026, 2, 2), last=date(2026, 2, 2)).values
    found = years.ask(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", values)
    plan = found[0]["QUERY PLAN"][0]["Plan"]
    assert 0 < plan["Actual Rows"] < 50
    assert sum(_rows(plan)) < 10_000, msgspec.json.format(msgspec.json.encode(plan)).decode()


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    """What each leaf of a plan reads."""
    for below in plan.get("Plans", ()):
        yield from _rows(below)
    if "Relation Name" in plan:
        dropped = (plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        yield plan["Actual Loops"] * (plan["Actual Rows"] + sum(dropped))
