"""The outbox's tables, derived from the `counts` message: numbers and short checked text only.

No column can hold a picture: there is no BLOB column, STRICT tables refuse a value of another
type, and every TEXT column is bounded in length and in the characters it may hold.
"""

from __future__ import annotations

import sqlite3
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from edge.messages.counts import PLACES_MAX, Counts, CountsHead, lost_window
from edge.messages.fields import NUMBER_MAX, timestamp

LAYOUT = 2
"""Version of the file's layout, in `user_version`; any change of a column makes a new one, so that
a release which is older than a file refuses it."""
TABLES = ("windows", "places", "tally")
TEXT_LIMIT = 64
SEQ_MAX = NUMBER_MAX // 2
"""No device numbers so many windows; a larger number was not given by one of ours."""

SCHEMA_1_RETAINED = "schema_one_retained"
"""Name of the number that says how often still to try to take back what schema 1 retained."""
RETAINED_TRIES = 3

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

_TEXT = f"CHECK (length({{0}}) <= {TEXT_LIMIT} AND {{0}} NOT GLOB '*[^A-Za-z0-9._:+-]*')"
_NULLABLE: dict[type, str] = {
    bool: "INTEGER CHECK ({0} IN (0, 1))",
    int: f"INTEGER CHECK ({{0}} BETWEEN 0 AND {NUMBER_MAX})",
    float: "REAL CHECK ({0} BETWEEN 0 AND 1e12)",
    str: f"TEXT {_TEXT}",
}
_EMPTY = {bool: "0", int: "0", float: "0", str: "''"}


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
        kind, check = _NULLABLE[plain].format(field.name).split(" ", 1)
        needed = "" if nullable else f"NOT NULL DEFAULT {_EMPTY[plain]} "
        found[field.name] = f"{kind} {needed}{check}"
    return found


@cache
def _flags() -> frozenset[str]:
    """The columns that hold truth values, which SQLite keeps as 0 and 1."""
    fields = msgspec.structs.fields(Counts)
    return frozenset(field.name for field in fields if _plain(field.type)[0] is bool)


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


def newest(connection: sqlite3.Connection) -> int:
    """The highest number of a stored window, of those that can be one; 0 where there is none."""
    query = "SELECT max(seq) FROM windows WHERE seq <= ?"
    return connection.execute(query, (SEQ_MAX,)).fetchone()[0] or 0


def numbering(connection: sqlite3.Connection) -> str:
    """The id under which this file numbers windows: 12 hexadecimal digits."""
    return f"{read_tally(connection, 'numbering'):012x}"


def definitions() -> dict[str, str]:
    """Table name → what follows it in CREATE TABLE."""
    described = ", ".join(f"{name} {kind}" for name, kind in columns().items())
    windows = f"(seq INTEGER PRIMARY KEY, {described}) STRICT"
    return {"windows": windows, "places": _PLACES, "tally": _TALLY}


def shape(connection: sqlite3.Connection, name: str) -> dict[str, tuple[str, int]]:
    """Column name → (type, may not be null)."""
    return {row[1]: (row[2], row[3]) for row in connection.execute(f"PRAGMA table_info({name})")}


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


def insert_lost(connection: sqlite3.Connection, seq: int, under: str) -> None:
    """Store an empty window under the number of one that can't be had back."""
    now = timestamp(0)
    insert(connection, lost_window(seq, under, "unknown", now, now), seq)


def select(
    connection: sqlite3.Connection, after: int, limit: int, *, any_layout: bool = False
) -> Iterator[CountsHead]:
    """The stored windows with a seq above `after`, oldest first; their values are not checked.

    `any_layout`: also those of an older layout, with what it has.
    """
    names = ("seq", *columns())
    if any_layout:
        there = shape(connection, "windows").keys() - {"schema"}
        names = tuple(name for name in names if name in there)
    query = f"SELECT {', '.join(names)} FROM windows WHERE seq > ? ORDER BY seq LIMIT ?"
    places = f"SELECT name, people FROM places WHERE seq = ? LIMIT {PLACES_MAX + 1}"
    for row in connection.execute(query, (after, limit)):
        values = dict(zip(names, row, strict=True))
        for name in _flags().intersection(names):
            if values[name] in (0, 1):
                values[name] = bool(values[name])
        values["places"] = dict(connection.execute(places, (values["seq"],)))
        yield Counts(**values)


def text(raw: bytes) -> str:
    """A connection's text_factory: a damaged letter must not hold up all windows behind it."""
    return raw.decode("utf-8", "replace")


def read_tally(connection: sqlite3.Connection, name: str) -> int:
    """A named whole number kept beside the windows; 0 before it was first written."""
    row = connection.execute("SELECT value FROM tally WHERE name = ?", (name,)).fetchone()
    return row[0] if row and isinstance(row[0], int) and 0 <= row[0] <= NUMBER_MAX else 0


def read_tallies(connection: sqlite3.Connection) -> dict[str, int]:
    """All the numbers kept beside the windows, but for those that none of ours can be."""
    found = connection.execute("SELECT name, value FROM tally")
    return {
        name: value for name, value in found if isinstance(value, int) and 0 <= value <= NUMBER_MAX
    }


def write_tally(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Keep a named whole number beside the windows."""
    connection.execute(
        "INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, min(value, NUMBER_MAX)),
    )
