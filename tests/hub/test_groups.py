"""Devices asked for together, days beside the same weekday before, Parquet; from both stores."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet

from hub.errors import UsageError
from hub.report.build import build
from hub.report.forms import as_csv, columns, flat
from hub.report.parquet import write_parquet
from hub.report.question import asked
from hub.report.text import as_text
from hub.report.verb import groups, regroup
from hub.store import Store
from tests.hub.support import window

DAY = 1_440
TODAY = date(2026, 1, 15)


@pytest.fixture
def filled(store: Store) -> Store:
    """Two days a week apart of three devices: 3 people a window."""
    store.group("house", [("shop", "door"), ("shop", "till")])
    store.group("all", [("shop", "door"), ("shop", "till"), ("mall", "door")])
    store.write(
        [
            *(window(7 * DAY + n) for n in (0, 1, 4)),
            window(7 * DAY, device="till", observed_s=15.0),
            window(7 * DAY, site="mall"),
            *(window(14 * DAY + n, seq=20_000 + n) for n in (0, 1)),
        ],
        [], 0,
    )  # fmt: skip
    return store


def people(store: Store, first: str, last: str, group: str | None = None) -> dict[str, int]:
    question = asked("day", "group", (first, last), (None, None), TODAY)._replace(group=group)
    rows = build(store, question).rows
    return {f"{row.start} {row.site}": row.figures["people"] for row in rows}


def test_a_group_is_the_sum_of_its_devices_and_one_may_be_in_several(filled: Store) -> None:
    """Named one by one, a report tells of that one alone."""
    day = "2026-01-08"
    assert people(filled, day, day) == {f"{day} all": 15, f"{day} house": 12}
    assert people(filled, day, day, "house") == {f"{day} house": 12}
    assert people(filled, day, day, "none") == {}


def test_what_is_missing_and_looked_at_is_the_groups_own(filled: Store) -> None:
    """Two windows of one of its devices never came; of another the camera looked a quarter."""
    question = asked("day", "group", ("2026-01-08", "2026-01-08"), (None, None), TODAY)
    row = build(filled, question._replace(group="house")).rows[0]
    assert row.missing == 2
    assert row.figures["coverage"] == pytest.approx((3 * 59.5 + 15) / 240, abs=0.01)


def test_a_group_is_replaced_and_taken_away_whole(filled: Store) -> None:
    """A device that it no longer names is in it no longer."""
    filled.group("house", [("shop", "till")])
    assert people(filled, "2026-01-08", "2026-01-08", "house") == {"2026-01-08 house": 3}
    filled.group("house", [])
    assert people(filled, "2026-01-08", "2026-01-08", "house") == {}


def test_a_row_stands_beside_the_same_weekday_before(filled: Store) -> None:
    """By the same hour on the clock; what is not known stays empty."""
    for by in ("day", "hour", "week"):
        question = asked(by, "device", ("2026-01-08", "2026-01-15"), (None, None), TODAY)
        told = {
            (row.start[:10], row.site, row.device): row.before
            for row in build(filled, question, "week").rows
        }
        assert told.pop(("2026-01-12" if by == "week" else "2026-01-15", "shop", "door")) == 9
        assert set(told.values()) == {None}


def test_it_is_a_column_of_every_form(filled: Store) -> None:
    """Only where it was asked for."""
    question = asked("day", "device", ("2026-01-15", "2026-01-15"), (None, None), TODAY)
    report = build(filled, question, "week")
    assert "week before" in as_text(report)
    assert "people_week_before" in as_csv(report).splitlines()[0]
    assert "before" not in as_csv(build(filled, question)).splitlines()[0]


def test_a_parquet_file_holds_the_rows(filled: Store, tmp_path: Path) -> None:
    """With numbers as numbers, and null where nothing is known."""
    question = asked("day", "device", ("2026-01-08", "2026-01-15"), (None, None), TODAY)
    report = build(filled, question, "year")
    write_parquet(report, tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == columns(report)
    assert table.to_pylist() == list(flat(report))
    assert [path.name for path in tmp_path.glob("*parquet*")] == ["out.parquet"]


def test_a_parquet_file_that_cannot_be_is_a_sentence(filled: Store, tmp_path: Path) -> None:
    question = asked("day", "device", ("2026-01-08", "2026-01-15"), (None, None), TODAY)
    with pytest.raises(UsageError, match="cannot be written"):
        write_parquet(build(filled, question), tmp_path / "none" / "out.parquet")


def test_groups_are_listed_and_named_as_topics_are(filled: Store, address: str) -> None:
    assert groups(address) == ("all: mall/door shop/door shop/till\nhouse: shop/door shop/till\n")
    with pytest.raises(UsageError, match="a group's name is"):
        regroup(address, "no name", [])
    regroup(address, "house", [])
    regroup(address, "all", [])
    assert groups(address) == "there is no group\n"
