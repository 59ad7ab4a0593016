"""A SQLite file of ours: opened when needed, set aside when corrupt, followed when replaced."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from edge.errors import why
from edge.outbox import damage, table

log = logging.getLogger(__name__)
T = TypeVar("T")

PAGE_BYTES = 1_024
"""A window changes four pages and fills a third of one, so that small ones send fewer bytes to the
card than SQLite's usual 4,096; `python -m benchmarks.outbox_writes` prints how many.
"""
KEEP_CORRUPT = 3
"""Corrupt files kept for a post-mortem; older ones go, so that they never fill a card."""


class Rescued(NamedTuple):
    """What could be read of a corrupt file: how it comes into a new one, and how much it is."""

    restore: Callable[[sqlite3.Connection], None]
    in_words: str


class Kind(NamedTuple):
    """What a file holds: its name in the log, and what is done with it at the borders of its life.

    `refuse_newer` raises where a newer release made the file, `prepare` checks it and makes its
    tables (raising `damage.CorruptError`), `rescue` reads what can be read of a corrupt one.
    """

    name: str
    refuse_newer: Callable[[Path], None]
    prepare: Callable[[sqlite3.Connection], None]
    rescue: Callable[[Path], Rescued]


class StateFile:
    """One SQLite file whose troubles never reach the caller.

    `owner` decides who creates the file, sets a corrupt one aside, and pays for `fsync` at every
    commit.
    """

    def __init__(self, path: Path, kind: Kind, *, owner: bool, busy_s: float) -> None:
        self.path = path
        self._kind = kind
        self._owner = owner
        self._busy_s = busy_s
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._troubles: dict[bool, str] = {}  # of writing (true) and reading, as last said

    def run(self, act: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> T | None:
        """What `act` returns, or None (and one line in the log) where the file refuses it.

        `writes` says that it changes the file: what can still be read is not yet writable again.
        ConfigError where a newer release made the file: it is not touched then.
        """
        try:
            result = act(self._open())
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._report(error, writes=writes)
            self._after(error)
            return None
        self._report_success(writes=writes)
        return result

    def close(self) -> None:
        """Let go of the file; the next `run` opens it again."""
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                log.debug("%s: closing: %s", self._kind.name, error)
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
        self._kind.refuse_newer(self.path)
        if self._owner:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite's own choice keeps the group from writing, and the publisher is another user.
            self.path.touch(mode=0o660)
        mode = "rwc" if self._owner else "ro&immutable=1" if _rests(self.path) else "rw"
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
                self._kind.prepare(connection)
            else:
                connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _report_success(self, *, writes: bool) -> None:
        """What could be written can be read as well; not the other way round."""
        cured = [self._troubles.pop(kind, "") for kind in ((True, False) if writes else (False,))]
        if any(cured) and not self._troubles:
            log.warning("%s: %s works again", self._kind.name, self.path)

    def _report(self, error: Exception, *, writes: bool) -> None:
        # Until vision has made or converted the file, which it does at its start.
        early = ("no such table", "no such column")
        if not self._owner and (_is_absent(self.path) or str(error).startswith(early)):
            log.debug("%s: %s is not there yet", self._kind.name, self.path)
            return
        trouble = why(error)
        if trouble not in self._troubles.values():
            log.error("%s: %s: %s", self._kind.name, self.path, trouble)
        self._troubles[writes] = trouble

    def _after(self, error: Exception) -> None:
        if _name(error).startswith("SQLITE_BUSY"):
            return
        self.close()
        if self._owner and damage.is_corrupt(error, self.path):
            self._set_aside()

    def _set_aside(self) -> None:
        """Rename the corrupt file, take along what can still be read, and start a new one."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        try:
            saved = self._kind.rescue(self.path)
            self.path.rename(aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            for old in sorted(self.path.parent.glob(f"{self.path.name}.corrupt-*"))[:-KEEP_CORRUPT]:
                old.unlink()
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            log.error("%s: %s can't be set aside: %s", self._kind.name, self.path, error)
            return
        log.error(
            "%s: %s is corrupt; set aside as %s, %s",
            self._kind.name, self.path, aside.name, saved.in_words,
        )  # fmt: skip
        self.run(saved.restore, writes=True)


def _name(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _is_absent(path: Path) -> bool:
    return not path.exists()


def _rests(path: Path) -> bool:
    """Whether nobody has a file open, in a folder in which we may not make what opening it takes.

    SQLite then wants to be told that nobody changes it; it is opened anew for each look.
    """
    return not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
