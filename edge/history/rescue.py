"""A newer history file is left alone; of a corrupt one what can be read is taken along."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.history import table
from edge.outbox import damage
from edge.outbox.file import Kind, Rescued
from edge.outbox.table import text, transaction

log = logging.getLogger(__name__)

HEADER_BYTES = 100
CUT_MAX_BYTES = 64_000_000
"""More than this no history of ours has lost: the header is damaged."""

_BY_INDEX = {
    "names": ("SELECT id, name FROM names INDEXED BY sqlite_autoindex_names_1 WHERE name > ''",),
    "hours": (
        "SELECT id, (start_s + ahead_s - (start_s + ahead_s) % 86400) / 86400, start_s, ahead_s "
        "FROM hours INDEXED BY sqlite_autoindex_hours_1 WHERE start_s > -1e9",
    ),
}
"""Table → a query of its rows that reads an index of it alone."""

Rows = dict[str, list[tuple[Any, ...]]]
"""Table → its rows."""


class NewerError(sqlite3.DatabaseError):
    """A newer release made the file: it is not touched, and delivery goes on without it."""


def _refuse_newer(path: Path) -> None:
    layout = damage.newer(path, table.LAYOUT)
    if layout:
        raise NewerError(
            f"written by a newer agender-edge (layout {layout}, this one knows {table.LAYOUT}): "
            "nothing is added to it"
        )


def _prepare(connection: sqlite3.Connection) -> None:
    damage.check(connection, table.TABLES)
    table.create(connection)


def _rescued(path: Path) -> Rescued:
    whole = _filled_up(path)
    try:
        saved = _salvage(whole)
    finally:
        for suffix in ("", "-wal", "-shm") if whole != path else ():
            Path(f"{whole}{suffix}").unlink(missing_ok=True)
    held = {row[0] for row in saved["hour_sums"]}
    hours = len(saved["hours"])
    lost = f", {hours - len(held)} without sums" if hours > len(held) else ""
    return Rescued(lambda new: _restore(new, saved), f"{hours} hours saved{lost}")


def _filled_up(path: Path) -> Path:
    """The file, or a copy with the length that its header tells, where it was cut: SQLite reads no
    page of a file that is too short.
    """
    header = path.read_bytes()[:HEADER_BYTES]
    page = int.from_bytes(header[16:18], "big")
    length = page * int.from_bytes(header[28:32], "big")
    size = path.stat().st_size
    if not size < length <= size + CUT_MAX_BYTES:
        return path
    copy = path.with_name(f"{path.name}.whole")
    shutil.copyfile(path, copy)
    os.truncate(copy, length)
    return copy


def _salvage(path: Path) -> Rows:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = text
    try:
        saved = {name: _rows(connection, name) for name in table.TABLES if name != "hour_sums"}
        hours = [row[0] for row in saved["hours"]]
        return saved | {"hour_sums": [row for hour in hours for row in _sums_of(connection, hour)]}
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, name: str) -> list[tuple[Any, ...]]:
    """The rows of a table, from either end up to where it can't be read, and by its other index."""
    ways = (
        f"SELECT * FROM {name}",
        f"SELECT * FROM {name} ORDER BY 1 DESC",
        *_BY_INDEX.get(name, ()),
    )
    return list(dict.fromkeys(row for way in ways for row in _readable(connection, way)))


def _sums_of(connection: sqlite3.Connection, hour: int) -> list[tuple[Any, ...]]:
    """An hour's sums, all or none: a part of them would not add up."""
    try:
        return connection.execute("SELECT * FROM hour_sums WHERE hour = ?", (hour,)).fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        log.debug("history: hour %d can't be read: %s", hour, error)
        return []


def _readable(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query up to where it can't be read."""
    try:
        yield from connection.execute(query)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        log.debug("history: no further rows by %s: %s", query, error)


def _restore(connection: sqlite3.Connection, saved: Rows) -> None:
    """Put it into a new file, but for what the checks refuse, and sums without hour or name."""
    with transaction(connection):
        for name in table.TABLES:
            for row in saved[name]:
                _restored(connection, name, row)


def _restored(connection: sqlite3.Connection, name: str, row: tuple[Any, ...]) -> None:
    marks = ", ".join("?" * len(row))
    try:
        connection.execute(f"INSERT INTO {name} VALUES ({marks})", row)
    except sqlite3.Error as error:
        log.debug("history: a row of %s is damaged: %s", name, error)


HISTORY = Kind("history", _refuse_newer, _prepare, _rescued)
"""What `edge.outbox.file` needs to know of a history."""
