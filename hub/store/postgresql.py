"""PostgreSQL as the store: batches go by COPY, each in one transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from hub.columns import COLUMNS, row_of
from hub.errors import StoreError
from hub.message import Refused, Window
from hub.store.base import Answer, AwayError, Member, UnfitError, Written, shown
from hub.store.migrations import NEWEST, due

CONNECT_S = 10
STATEMENT_S = 60
"""A statement that takes longer is given up, and the batch tried again."""
MIGRATION_LOCK = 0x6167656E646572
"""The number of the lock that one migration holds while others wait ("agender")."""
SERVER_MIN = 150_000

_DAY = COLUMNS.index("day")
_NAMES = ", ".join(COLUMNS)
_KEY = "site, device, numbering, seq"
_INCOMING = (
    "CREATE TEMPORARY TABLE incoming ON COMMIT DELETE ROWS AS "
    "SELECT * FROM agender.incoming_form() WITH NO DATA"
)
_COPY = f"COPY pg_temp.incoming ({_NAMES}) FROM STDIN"
# In the keys' order, so that two ingestors with the same windows wait for each other instead of
# both for ever. Which are new, the trigger `windows_once` says: ON CONFLICT DO NOTHING on the keys.
_INSERT = (
    f"INSERT INTO agender.windows ({_NAMES}) SELECT {_NAMES} FROM pg_temp.incoming ORDER BY {_KEY}"
)
_REFUSE = (
    "INSERT INTO agender.refused (digest, received_ms, topic, reason, size, payload) "
    "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
_UNGROUP = "DELETE FROM agender.device_groups WHERE name = %s"
_REGROUP = "INSERT INTO agender.device_groups (name, site, device) VALUES (%s, %s, %s)"
_ENSURE_MONTH = "SELECT agender.ensure_month(%s::date)"
_SETTINGS = (
    "SELECT set_config('search_path', 'agender, pg_temp', false), "
    "set_config('statement_timeout', %s, false)"
)
_HAS_VERSION = "SELECT to_regclass('agender.schema_version') IS NOT NULL AS there"
_VERSION = "SELECT coalesce(max(version), 0) AS version FROM agender.schema_version"
_VERSION_TABLE = (
    "CREATE SCHEMA IF NOT EXISTS agender; CREATE TABLE IF NOT EXISTS agender.schema_version "
    "(version integer PRIMARY KEY, name text NOT NULL)"
)
_UNHURRIED = "SET LOCAL statement_timeout = 0"  # an index of years of windows takes its time
_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_TAKEN = "INSERT INTO agender.schema_version (version, name) VALUES (%s, %s)"

_NAMED = re.compile(r":([a-z_]+)")
Connection = psycopg.Connection[dict[str, Any]]


class PostgresStore:
    """Connects to the database; StoreError where it can't be used."""

    def __init__(self, address: str, *, reading: bool = False) -> None:
        self._address = address
        self._reading = reading
        self._connection: Connection | None = None
        self._months: set[str] = set()
        try:
            self._connect()
        except psycopg.Error as error:
            raise StoreError(f"{shown(address)}: {_words(error)}") from error

    def write(self, windows: Sequence[Window], refused: Sequence[Refused], now_ms: int) -> Written:
        """Commit all of it. Where the connection breaks in the commit, the keys tell later."""
        try:
            rows = [row_of(window) for window in windows]
            connection = self._connect()
            self._ensure_months(connection, {str(row[_DAY])[:7] for row in rows})
            with connection.transaction(), connection.cursor() as cursor:
                new = _write_windows(cursor, rows)
                cursor.executemany(_REFUSE, sorted(_refused_row(one, now_ms) for one in refused))
        except (psycopg.DataError, psycopg.IntegrityError, UnicodeError) as error:
            raise UnfitError(_words(error)) from error
        except (psycopg.Error, StoreError) as error:
            self.close()
            raise AwayError(_words(error)) from error
        return Written(new, len(rows) - new)

    def ask(self, query: str, values: Mapping[str, Any]) -> Answer:
        """Rows as dictionaries; days as ISO texts, as the other store has them."""
        try:
            found = self._connect().execute(_NAMED.sub(r"%(\1)s", query), values).fetchall()
        except psycopg.Error as error:
            raise StoreError(f"{shown(self._address)}: {_words(error)}") from error
        return [{name: _plain(value) for name, value in row.items()} for row in found]

    def group(self, name: str, members: Sequence[Member]) -> None:
        """Replace the members of a group."""
        try:
            with self._connect().transaction(), self._connect().cursor() as cursor:
                cursor.execute(_UNGROUP, (name,))
                cursor.executemany(_REGROUP, [(name, *member) for member in members])
        except psycopg.Error as error:
            raise StoreError(f"{shown(self._address)}: {_words(error)}") from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = _opened(self._address, reading=self._reading)
            self._months.clear()
        return self._connection

    def _ensure_months(self, connection: Connection, months: set[str]) -> None:
        """Each month's partition, in a transaction of its own: its locks are not held longer."""
        for month in sorted(months - self._months):
            connection.execute(_ENSURE_MONTH, (f"{month}-01",))
        self._months |= months


def _opened(address: str, *, reading: bool) -> Connection:
    connection = psycopg.connect(
        address, autocommit=True, connect_timeout=CONNECT_S, row_factory=dict_row,
        keepalives_idle=30, tcp_user_timeout=30_000, fallback_application_name="agender-hub",
    )  # fmt: skip
    try:
        if connection.info.server_version < SERVER_MIN:
            raise StoreError(
                f"{shown(address)}: PostgreSQL {SERVER_MIN // 10_000} or newer is needed"
            )
        connection.execute(_SETTINGS, (f"{STATEMENT_S}s",))
        _prepare(connection, reading=reading)
        if not reading:
            connection.execute(_INCOMING)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: Connection, *, reading: bool) -> None:
    """Bring the tables up to date; a reader, and who may not, only looks whether they are."""
    version = _version(connection)
    steps = due(version)
    try:
        if steps and not reading:
            migrate(connection)
            return
    except psycopg.errors.InsufficientPrivilege:
        pass
    if steps:
        raise StoreError(
            f"the database has tables of version {version} and this release needs {NEWEST}: "
            "as their owner, run `agender-hub migrate`"
        )


def migrate(connection: Connection) -> None:
    """Take the steps that are due, all or none; another process may be at it too."""
    with connection.transaction():
        connection.execute(_UNHURRIED)
        connection.execute(_LOCK, (MIGRATION_LOCK,))
        connection.execute(_VERSION_TABLE)
        for step in due(_version(connection)):
            connection.execute(step.text("postgresql").encode())
            connection.execute(_TAKEN, (step.version, step.name))


def _version(connection: Connection) -> int:
    there = connection.execute(_HAS_VERSION).fetchone()
    if not there or not there["there"]:
        return 0
    row = connection.execute(_VERSION).fetchone()
    return int(row["version"]) if row else 0


def _write_windows(cursor: psycopg.Cursor[dict[str, Any]], rows: Sequence[Any]) -> int:
    """How many of the rows were new."""
    if not rows:
        return 0
    with cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(_INSERT)
    return cursor.rowcount


def _refused_row(one: Refused, now_ms: int) -> tuple[str, int, str, str, int, bytes]:
    return one.digest, now_ms, one.topic, one.reason, one.size, one.payload


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _words(error: Exception) -> str:
    """The first line of what PostgreSQL says; the others name statements of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
