"""A store that is not there, is none, or takes nothing: read-only, moved, full, ended."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.store import open_store
from hub.store.base import AwayError, Written
from hub.store.postgresql import PostgresStore
from hub.store.sqlite import SqliteStore
from tests.hub.postgres import Postgres
from tests.hub.support import put, seqs, window


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
