"""A corrupt outbox: telling it, and taking along what can still be read."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from edge import outbox_table as table
from edge.messages import CountsHead

log = logging.getLogger(__name__)


class CorruptError(sqlite3.DatabaseError):
    """SQLite's own check found the file damaged."""


class Salvage(NamedTuple):
    """What a corrupt file still gave: windows, counters, and a number above all it ever gave."""

    windows: list[CountsHead]
    tallies: dict[str, int]
    next_seq: int


def check(connection: sqlite3.Connection) -> None:
    """CorruptError where the file's structure is damaged."""
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise CorruptError(finding)


def is_corrupt(error: BaseException, path: Path) -> bool:
    """Whether an error tells of a damaged file, rather than of a full or missing disk.

    SQLite quotes a damaged schema in its message, and Python fails to decode the quotation; a
    damaged header can say that the file is of a newer format, or not to be written to.
    """
    if isinstance(error, (CorruptError, UnicodeDecodeError)):
        return True
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_READONLY":
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return name == "SQLITE_ERROR" or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def salvage(path: Path) -> Salvage:
    """Read what can be read.

    Where the counter itself can't be, the seconds since 1970 serve as the next number: windows are
    at least a second long, so no sequence that started at 1 (or at an earlier second) can have
    reached them.
    """
    windows: list[CountsHead] = []
    tallies: dict[str, int] = {}
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = table.text
    try:
        tallies = table.read_tallies(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        log.debug("outbox: no counters: %s", error)
    try:
        windows.extend(table.select(connection, 0, -1))
    except (sqlite3.Error, ValueError, TypeError) as error:
        log.debug("outbox: no further windows: %s", error)
    finally:
        connection.close()
    highest = windows[-1].seq + 1 if windows else 1
    return Salvage(windows, tallies, max(tallies.get("next_seq") or int(time.time()), highest))


def restore(connection: sqlite3.Connection, saved: Salvage) -> None:
    """Put it into a new file; what its checks refuse is damaged too, and left behind."""
    with table.transaction(connection):
        for counts in saved.windows:
            try:
                table.insert(connection, counts, counts.seq)
            except sqlite3.IntegrityError as error:
                log.warning("outbox: window %d is damaged: %s", counts.seq, error)
                connection.execute("DELETE FROM windows WHERE seq = ?", (counts.seq,))
        tallies = saved.tallies | {
            "next_seq": saved.next_seq,
            "set_aside": saved.tallies.get("set_aside", 0) + 1,
        }
        for name, value in tallies.items():
            table.write_tally(connection, name, value)
