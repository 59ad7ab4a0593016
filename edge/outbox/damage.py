"""Whether a SQLite file of ours is damaged, of a newer release, or merely out of reach."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from pathlib import Path

LAYOUT_MAX = 1_000
"""A version of a layout beyond this is a damaged header."""


class CorruptError(sqlite3.DatabaseError):
    """SQLite's own check found the file damaged."""


def newer(path: Path, known: int) -> int:
    """The version of a file's layout (`user_version`) where it is newer than the `known` one.

    0 where it is not, or the file is absent or damaged, which is dealt with as such.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            layout: int = connection.execute("PRAGMA user_version").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error:
        return 0
    return layout if known < layout <= LAYOUT_MAX else 0


def check(connection: sqlite3.Connection, tables: Collection[str]) -> None:
    """CorruptError where the file's structure is damaged, or holds more than these tables."""
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise CorruptError(finding)
    query = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite#_%' ESCAPE '#'"
    for kind, name in connection.execute(query):
        if kind != "table" or name not in tables:
            raise CorruptError(f"it holds a {kind} that we never make")


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
