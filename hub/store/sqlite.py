"""The embedded store: one SQLite file, which several processes may write and read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub.columns import COLUMNS, row_of
from hub.errors import StoreError
from hub.message import Refused, Window
from hub.store.base import Answer, AwayError, Member, UnfitError, Written
from hub.store.migrations import NEWEST, due

BUSY_S = 1.0
"""How long a writer waits for another one; the broker is not listened to meanwhile."""
MAKING_S = 20.0
"""How long one waits, before it listens, for another that is making the tables."""

_INSERT = (
    f"INSERT INTO windows ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    "ON CONFLICT DO NOTHING"
)
_REFUSE = (
    "INSERT INTO refused (digest, received_ms, topic, reason, size, payload) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_WAIT = f"PRAGMA busy_timeout = {round(BUSY_S * 1000)}"
_HAS_VERSION = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"
_VERSION = "SELECT coalesce(max(version), 0) FROM schema_version"
_VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL) "
    "STRICT"
)
_TAKEN = "INSERT INTO schema_version (version, name) VALUES (?, ?)"
_UNGROUP = "DELETE FROM device_groups WHERE name = ?"
_REGROUP = "INSERT INTO device_groups (name, site, device) VALUES (?, ?, ?)"


class SqliteStore:
    """Opens the file, made where missing; StoreError names it where that can't be done."""

    def __init__(self, path: str, *, reading: bool = False) -> None:
        self._path = Path(path)
        self._reading = reading
        self._connection: sqlite3.Connection | None = None
        self._opened_file: tuple[int, int] | None = None
        try:
            self._connect()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: {error}") from error

    def write(self, windows: Sequence[Window], refused: Sequence[Refused], now_ms: int) -> Written:
        """Commit all of it; the disk has it when this returns (`synchronous` is FULL)."""
        try:
            with _transaction(self._connect()) as connection:
                # Of the cursor: the connection's count has what the trigger wrote in it too.
                new = max(connection.executemany(_INSERT, map(row_of, windows)).rowcount, 0)
                connection.executemany(_REFUSE, [_refused_row(one, now_ms) for one in refused])
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
            raise UnfitError(str(error)) from error
        except (sqlite3.Error, OSError, StoreError) as error:
            self.close()  # opened anew: the file may be another one by then
            raise AwayError(str(error)) from error
        return Written(new, len(windows) - new)

    def ask(self, query: str, values: Mapping[str, Any]) -> Answer:
        """Rows as dictionaries."""
        try:
            with closing(self._connect().execute(query, dict(values))) as cursor:
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def group(self, name: str, members: Sequence[Member]) -> None:
        """Replace the members of a group."""
        try:
            with _transaction(self._connect()) as connection:
                connection.execute(_UNGROUP, (name,))
                connection.executemany(_REGROUP, [(name, *member) for member in members])
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        if self._connection is not None and self._file() != self._opened_file:
            self.close()  # moved away: what is written to it, nobody would find
        if self._connection is None:
            self._connection = self._opened()
            self._opened_file = self._file()
        return self._connection

    def _file(self) -> tuple[int, int] | None:
        """Which file lies at the path now."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _opened(self) -> sqlite3.Connection:
        if self._reading and not self._path.is_file():
            raise StoreError(f"{self._path}: there is no store; start `agender-hub run`")
        if not self._reading:
            self._path.absolute().parent.mkdir(parents=True, exist_ok=True)
        mode = "ro" if self._reading else "rwc"
        address = f"file:{quote(str(self._path.absolute()))}?mode={mode}"
        longest_s = BUSY_S if self._reading else MAKING_S
        connection = sqlite3.connect(address, uri=True, timeout=longest_s, isolation_level=None)
        try:
            _prepare(connection, reading=self._reading)
            connection.execute(_WAIT)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection, *, reading: bool) -> None:
    """Bring the tables up to date; a reader only looks whether they are."""
    if not reading:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
    version = _version(connection)
    steps = due(version)
    if steps and reading:
        raise StoreError(
            f"the store has tables of version {version} and this release needs {NEWEST}: "
            "start `agender-hub run` or `agender-hub migrate`, which bring it up to date"
        )
    if steps:
        _migrate(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Change to a write-ahead log; while another does so SQLite refuses, and does not wait."""
    until_s = time.monotonic() + MAKING_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until_s:
                raise
            time.sleep(0.02)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are due, all or none; another process may be at it too."""
    with _transaction(connection):
        connection.execute(_VERSION_TABLE)
        for step in due(_version(connection)):
            for statement in _statements(step.text("sqlite")):
                connection.execute(statement)
            connection.execute(_TAKEN, (step.version, step.name))


def _version(connection: sqlite3.Connection) -> int:
    if not connection.execute(_HAS_VERSION).fetchone()[0]:
        return 0
    version: int = connection.execute(_VERSION).fetchone()[0]
    return version


def _statements(script: str) -> Iterator[str]:
    """One after the other: `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit at the block's end, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refused_row(one: Refused, now_ms: int) -> tuple[str, int, str, str, int, bytes]:
    return one.digest, now_ms, one.topic, one.reason, one.size, one.payload
