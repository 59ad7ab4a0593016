"""Months are partitions in PostgreSQL, and may be dropped."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import psycopg

from hub.store import open_store
from hub.store.base import Written
from tests.hub.support import put, seqs, window


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
