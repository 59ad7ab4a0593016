"""Stores of other versions, and stores that several programs make at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from hub.errors import StoreError
from hub.store import Store, migrations, open_store
from hub.store.migrations import NEWEST, STEPS
from tests.hub.support import answers, contents, put, scratch
from tests.hub.windows import WINDOWS


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
