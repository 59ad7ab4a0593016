"""Each window once, in any order, whoever writes; the same tables and answers in every store."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import StoreError
from hub.message import Refused, Window, read
from hub.report.question import DEVICES, GAPS, PLACES, SUMS, asked
from hub.store import Store, migrations, open_store
from hub.store.base import AwayError, Written
from hub.store.migrations import NEWEST, STEPS
from hub.store.postgresql import PostgresStore
from hub.store.sqlite import SqliteStore
from tests.hub.postgres import Postgres
from tests.hub.support import contents, seqs, window
from tests.hub.windows import WINDOWS

ORDERS = st.permutations(range(len(WINDOWS)))
PLACES_IN_LINE = st.integers(0, len(WINDOWS) - 1)


@contextmanager
def scratch() -> Iterator[Store]:
    """An embedded store in memory, where the disk is waited for in vain."""
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        closing(open_store(f"{folder}/hub.sqlite3")) as store,
    ):
        yield store


def put(store: Store, *windows: Window, refused: tuple[Refused, ...] = ()) -> Written:
    return store.write(windows, refused, 0)


def answers(store: Store) -> dict[str, Any]:
    """What every query of a report says, over all time."""
    found: dict[str, Any] = {}
    question = asked("day", "device", ("1969-01-01", "9999-01-01"), ("shop", "door"), date.today())
    for queries in (SUMS, GAPS, DEVICES, PLACES):
        for query in queries.values():
            rows = store.ask(query, question.values)
            found[query] = sorted((tuple(row.items()) for row in rows), key=repr)
    return found


def test_a_window_is_stored_once_and_the_first_stays(store: Store) -> None:
    """One that comes again is known by its key, whatever else is in it."""
    assert put(store, window(0), window(1), window(0)) == Written(new=2, repeated=1)
    assert put(store, window(1, start="2027-01-01T00:00:00.000Z"), window(2)) == Written(1, 1)
    assert seqs(store) == [0, 1, 2]
    assert {row["day"] for row in store.ask("SELECT day FROM windows", {})} == {"2026-01-01"}


def test_a_refused_message_is_stored_once_with_its_reason(store: Store) -> None:
    """Zero bytes, which PostgreSQL's texts can't hold, are no trouble."""
    bad = read("agender/v2/\0/\ud800/counts", b"\0\xff" * 50_000)
    assert isinstance(bad, Refused)
    put(store, window(0), refused=(bad, bad))
    put(store, refused=(bad,))
    rows = store.ask("SELECT topic, reason, size, payload FROM refused", {})
    assert [(row["topic"], row["size"], bytes(row["payload"][:2])) for row in rows] == [
        ("agender/v2/?/\\ud800/counts", 100_000, b"\0\xff")
    ]
    assert rows[0]["reason"] == "the site in the topic is no name"


def test_both_stores_hold_and_answer_the_same(tmp_path: Path, database: str) -> None:
    """The same messages in another order and other batches: the same tables and figures."""
    embedded, server = open_store(str(tmp_path / "hub.sqlite3")), open_store(database)
    with closing(embedded), closing(server):
        put(embedded, *WINDOWS)
        for one in reversed(WINDOWS):
            put(server, one, WINDOWS[0])
        assert contents(server) == contents(embedded)
        assert answers(server) == answers(embedded)


@settings(max_examples=25)
@given(
    order=ORDERS,
    again=st.lists(PLACES_IN_LINE, max_size=9),
    batch=st.integers(1, 9),
)
def test_any_order_and_any_repetition_give_the_same_tables(
    order: list[int], again: list[int], batch: int
) -> None:
    with scratch() as plain, scratch() as mixed:
        put(plain, *WINDOWS)
        coming = [WINDOWS[place] for place in (*order, *again)]
        for first in range(0, len(coming), batch):
            put(mixed, *coming[first : first + batch])
        assert contents(mixed) == contents(plain)
        assert answers(mixed) == answers(plain)


@settings(max_examples=5)
@given(order=ORDERS, batch=st.integers(1, 9))
def test_any_order_gives_the_same_tables_in_postgresql(
    postgres: Postgres, order: list[int], batch: int
) -> None:
    with scratch() as plain, closing(open_store(postgres.emptied())) as mixed:
        put(plain, *WINDOWS)
        coming = [WINDOWS[place] for place in order]
        for first in range(0, len(coming), batch):
            put(mixed, *coming[first : first + batch], coming[0])
        assert contents(mixed) == contents(plain)


def test_writers_side_by_side_store_each_window_once(address: str) -> None:
    """Four with the same windows, each in its own order: none waits for ever, none doubles."""
    new: list[int] = []

    def write(turn: int) -> None:
        with closing(open_store(address)) as own:
            mine = [window(seq) for seq in range(60)]
            mine = mine[15 * turn :] + mine[: 15 * turn]
            for first in range(0, 60, 20):
                new.append(put(own, *mine[first : first + 20]).new)

    threads = [Thread(target=write, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with closing(open_store(address)) as store:
        assert seqs(store) == list(range(60))
    assert sum(new) == 60


def test_what_never_came_is_told_until_it_comes(store: Store) -> None:
    """Gaps lie between the windows that are there, under one numbering; a late window fills one."""
    put(store, *(window(seq) for seq in (5, 9, 10, 12)), window(0, numbering="f" * 12))
    query = "SELECT first_seq, last_seq, windows FROM gaps ORDER BY first_seq"
    assert [tuple(row.values()) for row in store.ask(query, {})] == [(6, 8, 3), (11, 11, 1)]
    put(store, window(7))
    assert [tuple(row.values()) for row in store.ask(query, {})] == [
        (6, 6, 1),
        (8, 8, 1),
        (11, 11, 1),
    ]


def test_a_clock_that_was_set_back_doubles_and_loses_nothing(store: Store) -> None:
    """Two windows of one time are two: the stamps are no key."""
    put(
        store,
        window(0),
        window(1),
        window(2, start=window(1).counts.start, end=window(1).counts.end),
    )
    row = store.ask("SELECT windows, people FROM by_day", {})
    assert row == [{"windows": 3, "people": 9}]


def test_months_are_partitions_and_a_wild_clock_makes_none(database: str) -> None:
    """A device can't make thousands of tables by telling years."""
    with closing(open_store(database)) as store:
        wild = [window(year, start=f"{year}-05-05T00:00:00.000Z") for year in (1970, 1999, 5000)]
        put(store, window(0), window(1, start="2024-02-29T23:59:00.000Z"), *wild)
        query = "SELECT CAST(CAST(tableoid AS regclass) AS text) AS part FROM windows"
        found = Counter(row["part"] for row in store.ask(query, {}))
    assert found == {"windows_2026_01": 1, "windows_2024_02": 1, "windows_other": 3}


def test_dropping_a_month_keeps_the_keys_of_its_windows(database: str) -> None:
    """Retention makes no gap, and lets nothing in again."""
    with closing(open_store(database)) as store:
        put(store, *(window(seq) for seq in range(3)))
        with psycopg.connect(database) as connection:
            connection.execute("DROP TABLE agender.windows_2026_01")
        assert put(store, window(1)) == Written(0, 1)
        assert (seqs(store), store.ask("SELECT * FROM gaps", {})) == ([], [])


def test_a_month_that_lies_among_others_already_stays_there(database: str) -> None:
    """Windows of a clock that ran ahead come to lie in windows_other; the month's own follow."""
    with closing(open_store(database)) as store:
        put(store, window(0))
        with psycopg.connect(database) as connection:
            connection.execute("DROP TABLE agender.windows_2026_01")
        put(store, window(1))
        store.close()
        put(store, window(2))
        assert seqs(store) == [1, 2]


def test_a_store_of_a_newer_release_is_left_alone(address: str) -> None:
    with closing(open_store(address)):
        pass
    insert = f"INSERT INTO schema_version VALUES ({NEWEST + 1}, 'later')"
    if address.startswith("postgresql"):
        with psycopg.connect(address) as connection:
            connection.execute(insert.replace("INTO ", "INTO agender.").encode())
    else:
        with closing(sqlite3.connect(address)) as file, file:
            file.execute(insert)
    with pytest.raises(StoreError, match="install the newer release again"):
        open_store(address)


def test_steps_are_numbered_without_gaps_and_taken_once(store: Store) -> None:
    assert [step.version for step in STEPS] == list(range(1, NEWEST + 1))
    taken = store.ask("SELECT version FROM schema_version ORDER BY version", {})
    assert [row["version"] for row in taken] == list(range(1, NEWEST + 1))


@pytest.mark.parametrize("version", [step.version for step in STEPS[2:-1]])
def test_a_store_of_every_version_is_brought_up_to_date(
    address: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored before a step answers as if it had come after all of them."""
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", STEPS[:version])
        with closing(open_store(address)) as store:
            put(store, *WINDOWS[::2])
    with closing(open_store(address)) as store, scratch() as plain:
        put(store, *WINDOWS[1::2])
        put(plain, *WINDOWS)
        assert contents(store) == contents(plain)
        assert answers(store) == answers(plain)


def test_several_programs_may_make_the_tables_at_once(address: str) -> None:
    assert made_at_once(address, 4) == []


def test_many_may_make_the_file_and_its_log_at_once(tmp_path: Path) -> None:
    """SQLite refuses, instead of waiting, where two change to a write-ahead log at a time."""
    for number in range(20):
        assert made_at_once(str(tmp_path / f"{number}.sqlite3"), 8) == []


def made_at_once(address: str, programs: int) -> list[Exception]:
    """What kept any of them from opening the store."""
    failures: list[Exception] = []

    def start() -> None:
        try:
            open_store(address).close()
        except StoreError as error:
            failures.append(error)

    threads = [Thread(target=start) for _ in range(programs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


def test_a_reader_makes_nothing(tmp_path: Path, database: str) -> None:
    """A report on a store that is not there names it, and leaves none behind."""
    path = tmp_path / "none.sqlite3"
    with pytest.raises(StoreError, match="there is no store"):
        SqliteStore(str(path), reading=True)
    with pytest.raises(StoreError, match="agender-hub migrate"):
        PostgresStore(database, reading=True)
    assert not path.exists()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.sqlite3"
    path.write_text("Dear reader, " * 200)
    with pytest.raises(StoreError, match=r"letter\.sqlite3: file is not a database"):
        open_store(str(path))


def test_a_file_that_may_not_be_written_is_away(tmp_path: Path) -> None:
    """The batch may be written later: nothing is lost, for nothing was acknowledged."""
    with closing(SqliteStore(str(tmp_path / "hub.sqlite3"))) as store:
        store._connect().execute("PRAGMA query_only = ON")
        with pytest.raises(AwayError, match="readonly"):
            put(store, window(0))
        assert put(store, window(0)) == Written(1, 0)


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    """Nothing is written to a file that nobody would find, and acknowledged."""
    path = tmp_path / "hub.sqlite3"
    with closing(SqliteStore(str(path))) as store:
        put(store, window(0))
        for file in tmp_path.iterdir():
            file.rename(file.with_name(f"old-{file.name}"))
        put(store, window(1))
        assert seqs(store) == [1]
    with closing(open_store(str(tmp_path / "old-hub.sqlite3"))) as old:
        assert seqs(old) == [0]


def test_a_full_disk_is_away_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    with closing(SqliteStore(str(tmp_path / "hub.sqlite3"))) as store:
        put(store, window(0))
        connection = store._connect()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(AwayError, match="full"):
            put(store, *(window(seq) for seq in range(1, 400)))
        assert seqs(store) == [0]
        assert put(store, window(1)) == Written(1, 0)


def test_a_database_that_ends_is_away_and_comes_back(postgres: Postgres, database: str) -> None:
    with closing(open_store(database)) as store:
        put(store, window(0))
        postgres.kill()
        with pytest.raises(AwayError):
            put(store, window(1))
        postgres.start()
        assert put(store, window(0), window(1)) == Written(1, 1)
