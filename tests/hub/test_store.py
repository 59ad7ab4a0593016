"""Each window once, in any order, whoever writes; the same tables and answers in every store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.message import Refused, read
from hub.store import Store, open_store
from hub.store.base import Written
from tests.hub.postgres import Postgres
from tests.hub.support import answers, contents, put, scratch, seqs, window
from tests.hub.windows import WINDOWS

ORDERS = st.permutations(range(len(WINDOWS)))

PLACES_IN_LINE = st.integers(0, len(WINDOWS) - 1)


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
