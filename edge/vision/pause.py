"""The privacy pause, kept where neither a lock nor a damaged or full outbox reaches it.

A file of eight bytes beside the outbox: it is overwritten in place, which needs no room on the
disk, and written through to it. Whatever cannot be read of it means paused, until somebody says
`resume`. Only a device that has no outbox yet may start without the record.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from pathlib import Path
from typing import NamedTuple

from edge.messages.messages import PauseReason
from edge.outbox.outbox import FILE_NAME

log = logging.getLogger(__name__)

RECORD = "pause"
PAUSED, RUNNING = b"paused \n", b"running\n"

_FIRST_LAYOUT = 1
"""Of the outbox: it kept the flag itself."""
_BUSY_S = 2.0
_PLAINLY = os.O_NOFOLLOW | os.O_NONBLOCK
"""Through no link, nor waiting for who reads or writes a pipe: the publisher may write here too."""


class Pause(NamedTuple):
    """Whether the camera is to be closed, and why."""

    paused: bool
    reason: PauseReason | None = None


ASKED = Pause(True, "request")


class PauseRecord:
    """The record of one state folder; `now` is what holds."""

    def __init__(self, folder: Path) -> None:
        """Read what holds; to be made before the outbox is opened, which may convert it."""
        self._path = folder / RECORD
        self.now = self._read(folder / FILE_NAME)
        # What is unreadable stays so, and is told so at each start, until somebody resumes.
        there = self.now.reason == "unreadable" or os.path.lexists(self._path)
        self.kept = there or self._write(self.now.paused)
        if not self.kept:
            log.error("pause: %s can't be made: a pause is not kept over a restart", self._path)

    def set(self, paused: bool) -> bool:
        """Pause or resume; false where the disk keeps nothing, so that it holds for now only."""
        self.now = ASKED if paused else Pause(False)
        self.kept = self._write(paused)
        return self.kept

    def keep_up(self) -> None:
        """Try again to write what the disk refused before."""
        if not self.kept:
            self.kept = self._write(self.now.paused)

    def _read(self, outbox: Path) -> Pause:
        try:
            return _meaning(_content(self._path))
        except FileNotFoundError:
            return _first_time(outbox)
        except OSError as error:
            return _unreadable(f"{self._path}: {error.strerror}")

    def _write(self, paused: bool) -> bool:
        """Overwrite the record in place, or make it, whole from the first moment on."""
        content = PAUSED if paused else RUNNING
        new = self._path.with_name(f"{RECORD}.new")
        try:
            if _is_file(self._path):
                _write_through(self._path, content, os.O_WRONLY)
            else:
                new.unlink(missing_ok=True)
                _write_through(new, content, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                new.replace(self._path)
                _sync(self._path.parent)
        except OSError as error:
            log.debug("pause: %s", error)
            return False
        return True


def _content(path: Path) -> bytes:
    """As much as a record may be, and a byte: a link could lead to what never ends."""
    number = os.open(path, os.O_RDONLY | _PLAINLY)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return b""
        return os.read(number, len(PAUSED) + 1)
    finally:
        os.close(number)


def _is_file(path: Path) -> bool:
    """Whether there is one, which is not merely linked to."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _meaning(content: bytes) -> Pause:
    if content == RUNNING:
        return Pause(False)
    return ASKED if content == PAUSED else _unreadable("the record is damaged")


def _first_time(outbox: Path) -> Pause:
    """Without a record: a new device, or one whose outbox of schema 1 holds the flag."""
    if not os.path.lexists(outbox):  # a link to a disk that is not there is no new device
        return Pause(False)
    try:
        uri = f"{outbox.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S)
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FIRST_LAYOUT:
                return _unreadable("the record is missing")
            query = "SELECT value FROM tally WHERE name = 'paused'"
            row = connection.execute(query).fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return _unreadable(f"{outbox}: {error}")
    return ASKED if row and row[0] else Pause(False)


def _unreadable(why: str) -> Pause:
    log.error("pause: whether the camera was paused can't be read (%s), so it is", why)
    return Pause(True, "unreadable")


def _write_through(path: Path, content: bytes, flags: int) -> None:
    number = os.open(path, flags | _PLAINLY, 0o660)
    try:
        os.pwrite(number, content, 0)
        if os.fstat(number).st_size > len(content):
            os.ftruncate(number, len(content))
        os.fsync(number)
    finally:
        os.close(number)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
