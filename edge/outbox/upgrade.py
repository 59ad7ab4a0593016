"""Making the outbox's tables, and bringing those of an older release up to this one's layout."""

from __future__ import annotations

import logging
import secrets
import sqlite3

from edge.outbox.table import (
    LAYOUT,
    RETAINED_TRIES,
    SCHEMA_1_RETAINED,
    SEQ_MAX,
    definitions,
    insert_lost,
    newest,
    numbering,
    read_tally,
    shape,
    transaction,
    write_tally,
)

log = logging.getLogger(__name__)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, or rebuild those of an older layout and convert what they hold.

    Raises sqlite3.Error where the file can't be read or written.
    """
    connection.execute("PRAGMA foreign_keys = OFF")  # a rebuild drops the table others refer to
    with transaction(connection):
        old = is_schema_1(connection)
        refused: set[int] = set()
        for name, definition in definitions().items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} {definition}")
            if _differs(connection, name, definition):
                log.info("outbox: rebuilding %s for this version", name)
                refused |= _rebuild(connection, name, definition)
        _mend_numbers(connection)
        for seq in sorted(refused):
            insert_lost(connection, seq, numbering(connection))
        if old:
            convert(connection)
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("PRAGMA foreign_keys = ON")


def is_schema_1(connection: sqlite3.Connection) -> bool:
    """Whether the file holds windows of the message's first schema."""
    return "suppressed" in shape(connection, "windows")


def _mend_numbers(connection: sqlite3.Connection) -> None:
    """Take out numbers that none of ours can be, and number anew where the counter was one.

    Whoever may write to the file could otherwise end every start with a single one.
    """
    bounds = (1, SEQ_MAX)
    connection.execute("DELETE FROM windows WHERE seq NOT BETWEEN ? AND ?", bounds)
    connection.execute("DELETE FROM tally WHERE value NOT BETWEEN 0 AND ?", bounds[1:])
    next_seq = read_tally(connection, "next_seq")
    if not read_tally(connection, "numbering") or not next_seq:
        write_tally(connection, "numbering", secrets.randbelow(2**48 - 1) + 1)
        write_tally(connection, "next_seq", max(next_seq, newest(connection) + 1))


def convert(connection: sqlite3.Connection) -> None:
    """All windows, of schema 1: folded by its rules, a withheld 0 can't be told from a real one."""
    log.info("outbox: the windows that wait are converted from schema 1")
    connection.execute(
        "UPDATE windows SET schema = 2, folded_as = 1, bands = 'fine', numbering = ?",
        (numbering(connection),),
    )
    write_tally(connection, SCHEMA_1_RETAINED, RETAINED_TRIES)


def _differs(connection: sqlite3.Connection, name: str, definition: str) -> bool:
    model = sqlite3.connect(":memory:")
    model.execute(f"CREATE TABLE {name} {definition}")
    wanted, found = shape(model, name), shape(connection, name)
    model.close()
    return any(found.get(column) != shape for column, shape in wanted.items())


def _rebuild(connection: sqlite3.Connection, name: str, definition: str) -> set[int]:
    """The order that SQLite's manual gives for changes ALTER TABLE can't do.

    What the new checks refuse is damaged and left behind; the numbers of such windows.
    """
    before = shape(connection, name)
    connection.execute(f"DROP TABLE IF EXISTS new_{name}")
    connection.execute(f"CREATE TABLE new_{name} {definition}")
    common = ", ".join(column for column in shape(connection, f"new_{name}") if column in before)
    connection.execute(f"INSERT OR IGNORE INTO new_{name} ({common}) SELECT {common} FROM {name}")
    left = f"SELECT seq FROM {name} WHERE seq > 0 AND seq NOT IN (SELECT seq FROM new_{name})"
    refused = {row[0] for row in connection.execute(left)} if name == "windows" else set()
    connection.execute(f"DROP TABLE {name}")
    connection.execute(f"ALTER TABLE new_{name} RENAME TO {name}")
    return refused
