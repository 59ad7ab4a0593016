"""The durable door between vision and publisher: windows wait here until the broker has them.

One SQLite file in WAL mode, written by vision (the owner) and drained by the publisher. What
matters is decided here once:

- A window and its sequence number are one transaction with `synchronous=FULL`: the number is on
  the card before anybody can see it, so a power cut can never make it name two windows.
- The publisher deletes with `synchronous=NORMAL`: a deletion lost to a power cut only repeats a
  window, which its number gives away.
- Pages are small and checkpoints come every 1,000 of them (SQLite's default), so that the few
  which change every window reach the main file once in hours, and a card sees little more than
  the journal: some 15 MB a day.
- The bound is counted in windows; the oldest goes first and is counted in `dropped`.
- No error of the disk reaches the caller: windows wait in memory, bounded, and are numbered when
  they can be stored.
"""

from __future__ import annotations

import logging
import sqlite3
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from edge.closing import Closing
from edge.messages.counts import CountsHead
from edge.outbox import table
from edge.outbox.file import StateFile
from edge.outbox.rescue import OUTBOX

log = logging.getLogger(__name__)
T = TypeVar("T")

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
        self._file = StateFile(Path(path), OUTBOX, owner=owner, busy_s=busy_s)
        self._max_windows = max_windows
        self._max_ring = max_ring
        self._ring: deque[CountsHead] = deque()
        self._ring_dropped = 0
        if owner:
            self.depth()  # opens, migrates and, where needed, rescues the file right away

    def append(self, counts: CountsHead) -> int:
        """Store a window under the next number (its own is ignored) and return the number.

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
        seq = self._file.run(self._store, writes=True)
        if seq is None:  # once more: the first try may have set a corrupt file aside
            seq = self._file.run(self._store, writes=True)
        return seq or 0

    def peek(self, limit: int, after: int = 0) -> list[CountsHead]:
        """Up to `limit` of the oldest windows with a number above `after`; nothing is removed.

        Their values are as they lie in the file: `edge.messages.checking` says what may be sent.
        """
        return self._file.run(lambda c: list(table.select(c, after, limit))) or []

    def each(self, act: Callable[[Iterator[CountsHead]], T]) -> T | None:
        """What `act` makes of all stored windows, oldest first; None while they can't be read.

        From its first window on it sees the outbox as it was then, whatever is added or removed.
        """
        return self._file.run(lambda c: act(table.select(c, 0, -1)))

    def remove(
        self,
        seqs: Iterable[int],
        keep: Mapping[str, int] = types.MappingProxyType({}),
        add: Mapping[str, int] = types.MappingProxyType({}),
    ) -> bool:
        """Remove delivered windows in one transaction; false where the disk refuses for now.

        The same transaction sets the numbers named in `keep`, and then raises those in `add`.
        """
        rows = [(seq,) for seq in seqs]

        def delete(connection: sqlite3.Connection) -> bool:
            with table.transaction(connection):
                connection.executemany("DELETE FROM windows WHERE seq = ?", rows)
                for name, value in keep.items():
                    table.write_tally(connection, name, value)
                for name, more in add.items():
                    value = table.read_tally(connection, name) + more
                    table.write_tally(connection, name, value)
            return True

        return self._file.run(delete, writes=True) or False

    def depth(self) -> int | None:
        """How many windows wait, those in memory included; None while the file can't be read."""
        query = "SELECT count(*) FROM windows"
        stored = self._file.run(lambda c: int(c.execute(query).fetchone()[0]))
        return None if stored is None else stored + len(self._ring)

    @property
    def in_memory(self) -> int:
        """How many windows wait in memory because the disk refuses them."""
        return len(self._ring)

    def dropped(self) -> int | None:
        """How many windows were dropped by the bound or the disk, ever; None if not readable."""
        stored = self.known("dropped")
        return None if stored is None else stored + self._ring_dropped

    def keep(self, name: str, value: int) -> bool:
        """Keep a named whole number across restarts; false where the disk refuses."""
        return self.keep_all({name: value})

    def keep_all(self, values: Mapping[str, int]) -> bool:
        """Keep named whole numbers, all or none."""
        return self.remove((), values)

    def kept(self, name: str) -> int:
        """A number kept before; 0 where there is none, or none can be read."""
        return self.known(name) or 0

    def known(self, name: str) -> int | None:
        """A number kept before, 0 where there is none; None while the file can't be read."""
        return self._file.run(lambda c: table.read_tally(c, name))

    def tallies(self) -> dict[str, int] | None:
        """All numbers kept before, by name; None while the file can't be read."""
        return self._file.run(table.read_tallies)

    def numbering(self) -> str:
        """The id under which this outbox numbers windows; zeros while it can't be read."""
        return self._file.run(table.numbering) or f"{0:012x}"

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
            seq, under = self._next_seq(connection), table.numbering(connection)
            for counts in self._ring:
                try:
                    table.insert(connection, msgspec.structs.replace(counts, numbering=under), seq)
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
        return max(table.read_tally(connection, "next_seq"), table.newest(connection) + 1)

    def _trim(self, connection: sqlite3.Connection, next_seq: int) -> int:
        oldest = next_seq - self._max_windows
        dropped = connection.execute("DELETE FROM windows WHERE seq < ?", (oldest,)).rowcount
        if dropped > 0:
            log.warning("outbox: full; the %d oldest windows are dropped", dropped)
        return max(dropped, 0)
