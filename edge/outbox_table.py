"""The outbox's tables, derived from the `counts` message: numbers and short checked text only.

No column can hold a picture: there is no BLOB column, STRICT tables refuse a value of another
type, and every TEXT column is bounded in length and in the characters it may hold.
"""

from __future__ import annotations

import logging
import sqlite3
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from edge.messages import Counts, CountsHead

log = logging.getLogger(__name__)

LAYOUT = 1
"""Version of the file's layout, in `user_version`; new columns need no new version."""

TEXT_LIMIT = 64

_PLACES = f"""(
    seq INTEGER NOT NULL REFERENCES windows (seq) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND {TEXT_LIMIT} AND name NOT GLOB '*[^a-z0-9_]*'),
    people INTEGER CHECK (people >= 0),
    PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID"""  # noqa: E501

_TALLY = f"""(
    name TEXT PRIMARY KEY CHECK (length(name) <= {TEXT_LIMIT} AND name NOT GLOB '*[^a-z_]*'),
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID"""

_TYPES: dict[type, str] = {
    bool: "INTEGER NOT NULL DEFAULT 0 CHECK ({0} IN (0, 1))",
    int: "INTEGER NOT NULL DEFAULT 0 CHECK ({0} >= 0)",
    float: "REAL NOT NULL DEFAULT 0 CHECK ({0} >= 0)",
    str: "TEXT NOT NULL DEFAULT '' "
    f"CHECK (length({{0}}) <= {TEXT_LIMIT} AND {{0}} NOT GLOB '*[^A-Za-z0-9._:-]*')",
}
_NULLABLE = {float: "REAL CHECK ({0} >= 0)", int: "INTEGER CHECK ({0} >= 0)"}


def _plain(annotation: Any) -> tuple[type, bool]:
    """An annotation → (bool | int | float | str, may it be null)."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin is Literal:
        return type(get_args(annotation)[0]), False
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        return _plain(options[0])[0], len(options) < len(get_args(annotation))
    return annotation, False


@cache
def columns() -> dict[str, str]:
    """Column name → its SQL type and check, in the order of the message's keys."""
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(Counts):
        if field.name in ("seq", "places"):
            continue
        plain, nullable = _plain(field.type)
        found[field.name] = (_NULLABLE if nullable else _TYPES)[plain].format(field.name)
    return found


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, writing from its first statement (so that two writers never deadlock)."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, or rebuild those that an older version made differently; rows stay.

    A column that only a newer version knows stays where it is: going back to an older version
    keeps working. Raises sqlite3.Error where the file can't be read or written.
    """
    connection.execute("PRAGMA foreign_keys = OFF")  # a rebuild drops the table others refer to
    with transaction(connection):
        for name, definition in _definitions().items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} {definition}")
            if _differs(connection, name, definition):
                log.info("outbox: rebuilding %s for this version", name)
                _rebuild(connection, name, definition)
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("PRAGMA foreign_keys = ON")


def _definitions() -> dict[str, str]:
    """Table name → what follows it in CREATE TABLE."""
    described = ", ".join(f"{name} {kind}" for name, kind in columns().items())
    windows = f"(seq INTEGER PRIMARY KEY, {described}) STRICT"
    return {"windows": windows, "places": _PLACES, "tally": _TALLY}


def _shape(connection: sqlite3.Connection, name: str) -> dict[str, tuple[str, int]]:
    """Column name → (type, may not be null)."""
    return {row[1]: (row[2], row[3]) for row in connection.execute(f"PRAGMA table_info({name})")}


def _differs(connection: sqlite3.Connection, name: str, definition: str) -> bool:
    model = sqlite3.connect(":memory:")
    model.execute(f"CREATE TABLE {name} {definition}")
    wanted, found = _shape(model, name), _shape(connection, name)
    model.close()
    return any(found.get(column) != shape for column, shape in wanted.items())


def _rebuild(connection: sqlite3.Connection, name: str, definition: str) -> None:
    """The order that SQLite's manual gives for changes ALTER TABLE can't do."""
    before = _shape(connection, name)
    connection.execute(f"DROP TABLE IF EXISTS new_{name}")
    connection.execute(f"CREATE TABLE new_{name} {definition}")
    common = ", ".join(column for column in _shape(connection, f"new_{name}") if column in before)
    connection.execute(f"INSERT INTO new_{name} ({common}) SELECT {common} FROM {name}")
    connection.execute(f"DROP TABLE {name}")
    connection.execute(f"ALTER TABLE new_{name} RENAME TO {name}")


def insert(connection: sqlite3.Connection, counts: CountsHead, seq: int) -> None:
    """Store one window under `seq`, inside the caller's transaction."""
    values = msgspec.structs.asdict(counts)
    names = ", ".join(columns())
    marks = ", ".join("?" * (len(columns()) + 1))
    row = [seq, *(values[name] for name in columns())]
    connection.execute(f"INSERT INTO windows (seq, {names}) VALUES ({marks})", row)
    connection.executemany(
        "INSERT INTO places (seq, name, people) VALUES (?, ?, ?)",
        [(seq, name, people) for name, people in counts.places.items()],
    )


def select(connection: sqlite3.Connection, after: int, limit: int) -> Iterator[CountsHead]:
    """The stored windows with a seq above `after`, oldest first."""
    names = ("seq", *columns())
    query = f"SELECT {', '.join(names)} FROM windows WHERE seq > ? ORDER BY seq LIMIT ?"
    for row in connection.execute(query, (after, limit)):
        values = dict(zip(names, row, strict=True))
        values["clock_synced"] = bool(values["clock_synced"])
        values["places"] = dict(
            connection.execute("SELECT name, people FROM places WHERE seq = ?", (values["seq"],))
        )
        yield Counts(**values)


def text(raw: bytes) -> str:
    """A connection's text_factory: a damaged letter must not hold up all windows behind it."""
    return raw.decode("utf-8", "replace")


def read_tally(connection: sqlite3.Connection, name: str) -> int:
    """A named whole number kept beside the windows; 0 before it was first written."""
    row = connection.execute("SELECT value FROM tally WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def read_tallies(connection: sqlite3.Connection) -> dict[str, int]:
    """All the numbers kept beside the windows."""
    return dict(connection.execute("SELECT name, value FROM tally"))


def write_tally(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Keep a named whole number beside the windows."""
    connection.execute(
        "INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
