"""The outbox's file: opened when needed, set aside when corrupt, followed when replaced."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from edge import outbox_rescue as rescue
from edge import outbox_table as table

log = logging.getLogger(__name__)
T = TypeVar("T")

PAGE_BYTES = 1_024
"""A window changes four pages and fills a third of one: with SQLite's usual 4,096 bytes a day of
minutes sends 36 MB to the card, with these 14 MB (benchmarks/outbox_writes.py).
"""
KEEP_CORRUPT = 3
"""Corrupt files kept for a post-mortem; older ones go, so that they never fill a card."""


class OutboxFile:
    """One SQLite file whose troubles never reach the caller.

    `owner` decides who creates the file, sets a corrupt one aside, and pays for `fsync` at every
    commit. `first_seq` is the least number that a new file may give.
    """

    def __init__(self, path: Path, *, owner: bool, busy_s: float) -> None:
        self.path = path
        self.first_seq = 1
        self._owner = owner
        self._busy_s = busy_s
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._trouble = ""

    def run(self, act: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `act` returns, or None (and one line in the log) where the file refuses it."""
        try:
            result = act(self._open())
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._report(error)
            self._after(error)
            return None
        if self._trouble:
            log.warning("outbox: %s works again", self.path)
            self._trouble = ""
        return result

    def close(self) -> None:
        """Let go of the file; the next `run` opens it again."""
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                log.debug("outbox: closing: %s", error)
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._replaced():
            self.close()
        if self._connection is None:
            self._connection = self._connect()
            self._inode = self.path.stat().st_ino
        return self._connection

    def _replaced(self) -> bool:
        try:
            return self.path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def _connect(self) -> sqlite3.Connection:
        if self._owner:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite's own choice keeps the group from writing, and the publisher is another user.
            self.path.touch(mode=0o660)
        mode = "rwc" if self._owner else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.text_factory = table.text
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file only
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._owner else 'NORMAL'}")
            connection.execute("PRAGMA temp_store = MEMORY")
            if self._owner:
                rescue.check(connection)
                table.create(connection)
            else:
                connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _report(self, error: Exception) -> None:
        if not self._owner and (_is_absent(self.path) or "no such table" in str(error)):
            log.debug("outbox: %s is not there yet", self.path)
            return
        trouble = str(error)
        if trouble != self._trouble:
            log.error("outbox: %s: %s", self.path, trouble)
        self._trouble = trouble

    def _after(self, error: Exception) -> None:
        if _name(error).startswith("SQLITE_BUSY"):
            return
        self.close()
        if self._owner and rescue.is_corrupt(error, self.path):
            self._set_aside()

    def _set_aside(self) -> None:
        """Rename the corrupt file, take along what can still be read, and start a new one."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        try:
            saved = rescue.salvage(self.path)
            self.path.rename(aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            for old in sorted(self.path.parent.glob(f"{self.path.name}.corrupt-*"))[:-KEEP_CORRUPT]:
                old.unlink()
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            log.error("outbox: %s can't be set aside: %s", self.path, error)
            return
        self.first_seq = saved.next_seq
        log.error(
            "outbox: %s is corrupt; set aside as %s, %d windows saved, counting goes on from "
            "number %d", self.path, aside.name, len(saved.windows), saved.next_seq,
        )  # fmt: skip
        self.run(lambda connection: rescue.restore(connection, saved))


def _name(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _is_absent(path: Path) -> bool:
    return not path.exists()
