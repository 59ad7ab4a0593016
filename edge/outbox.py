"""The durable door between vision and publisher: windows wait here until the broker has them.

One SQLite file in WAL mode, written by vision (the owner) and drained by the publisher. What
matters is decided here once:

- A window and its sequence number are one transaction with `synchronous=FULL`: the number is on
  the card before anybody can see it, so a power cut can never make it name two windows.
- The publisher deletes with `synchronous=NORMAL`: a deletion lost to a power cut only repeats a
  window, which its number gives away.
- Pages are small and checkpoints come every 1,000 of them (SQLite's default), so that the few
  which change every window reach the main file once in hours, and a card sees little more than
  the journal: some 14 MB a day.
- The bound is counted in windows; the oldest goes first and is counted in `dropped`.
- No error of the disk reaches the caller: windows wait in memory, bounded, and are numbered when
  they can be stored.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from edge import outbox_table as table
from edge.closing import Closing
from edge.messages import CountsHead
from edge.outbox_file import OutboxFile

log = logging.getLogger(__name__)

FILE_NAME = "outbox.sqlite"
RING_WINDOWS = 1_440
"""Windows kept in memory while the disk refuses them: a day of minutes."""


class Outbox(Closing):
    """Windows, oldest first, each under a number without gaps.

    `owner=True` (vision) creates the file, appends, and sets a corrupt file aside;
    `owner=False` (publisher) reads and removes, and follows when the owner replaces the file.
    Two processes may use one file at once; within a process, one thread at a time.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        owner: bool = True,
        max_windows: int = 50_000,
        max_ring: int = RING_WINDOWS,
        busy_s: float = 2.0,
    ) -> None:
        self._file = OutboxFile(Path(path), owner=owner, busy_s=busy_s)
        self._max_windows = max_windows
        self._max_ring = max_ring
        self._ring: deque[CountsHead] = deque()
        self._ring_dropped = 0
        if owner:
            self.depth()  # opens, migrates and, where needed, rescues the file right away

    def append(self, counts: CountsHead) -> int:
        """Store a window under the next number (its own `seq` is ignored) and return the number.

        Returns 0 where the disk refuses it: the window then waits in memory, without a number,
        and is stored before the next one. Never raises for an error of the disk.
        """
        self._ring.append(counts)
        while len(self._ring) > self._max_ring:
            self._ring.popleft()
            self._ring_dropped += 1
        return self.flush()

    def flush(self) -> int:
        """Store what waits in memory; the last number given, or 0 where the disk still refuses."""
        if not self._ring:
            return 0
        seq = self._file.run(self._store)
        if seq is None:  # once more: the first try may have set a corrupt file aside
            seq = self._file.run(self._store)
        return seq or 0

    def peek(self, limit: int, after: int = 0) -> list[CountsHead]:
        """Up to `limit` of the oldest windows with a number above `after`; nothing is removed."""
        return self._file.run(lambda c: list(table.select(c, after, limit))) or []

    def remove(self, seqs: Iterable[int]) -> bool:
        """Remove delivered windows in one transaction; false where the disk refuses for now."""
        rows = [(seq,) for seq in seqs]

        def delete(connection: sqlite3.Connection) -> bool:
            with table.transaction(connection):
                connection.executemany("DELETE FROM windows WHERE seq = ?", rows)
            return True

        return self._file.run(delete) or False

    def depth(self) -> int:
        """How many windows wait, those in memory included."""
        query = "SELECT count(*) FROM windows"
        stored = self._file.run(lambda c: int(c.execute(query).fetchone()[0]))
        return (stored or 0) + len(self._ring)

    @property
    def in_memory(self) -> int:
        """How many windows wait in memory because the disk refuses them."""
        return len(self._ring)

    def dropped(self) -> int:
        """How many windows were dropped by the bound or by the disk, ever."""
        return self.kept("dropped") + self._ring_dropped

    def keep(self, name: str, value: int) -> bool:
        """Keep a named whole number across restarts; false where the disk refuses."""

        def write(connection: sqlite3.Connection) -> bool:
            with table.transaction(connection):
                table.write_tally(connection, name, value)
            return True

        return self._file.run(write) or False

    def kept(self, name: str) -> int:
        """A number kept before; 0 where there is none."""
        return self._file.run(lambda c: table.read_tally(c, name)) or 0

    def give_up(self) -> int:
        """Store what still waits in memory; how many windows the disk refuses and so are lost."""
        self.flush()
        lost = len(self._ring)
        self._ring.clear()
        return lost

    def close(self) -> None:
        """Store what still waits in memory, if the disk lets us, and let go of the file."""
        if lost := self.give_up():
            log.error("outbox: %d windows could not be stored and are lost", lost)
        self._file.close()

    def _store(self, connection: sqlite3.Connection) -> int:
        dropped = self._ring_dropped
        with table.transaction(connection):
            seq = self._next_seq(connection)
            for counts in self._ring:
                try:
                    table.insert(connection, counts, seq)
                except sqlite3.IntegrityError as error:
                    log.error("outbox: a window is refused and dropped: %s", error)
                    connection.execute("DELETE FROM windows WHERE seq = ?", (seq,))
                    dropped += 1
                else:
                    seq += 1
            dropped += self._trim(connection, seq)
            table.write_tally(connection, "next_seq", seq)
            if dropped:
                table.write_tally(
                    connection, "dropped", table.read_tally(connection, "dropped") + dropped
                )
        self._ring.clear()
        self._ring_dropped = 0
        return seq - 1

    def _next_seq(self, connection: sqlite3.Connection) -> int:
        newest = connection.execute("SELECT max(seq) FROM windows").fetchone()[0] or 0
        return max(table.read_tally(connection, "next_seq"), newest + 1, self._file.first_seq)

    def _trim(self, connection: sqlite3.Connection, next_seq: int) -> int:
        oldest = next_seq - self._max_windows
        dropped = connection.execute("DELETE FROM windows WHERE seq < ?", (oldest,)).rowcount
        if dropped > 0:
            log.warning("outbox: full; the %d oldest windows are dropped", dropped)
        return max(dropped, 0)
