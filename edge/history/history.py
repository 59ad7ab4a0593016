"""The history's owner: windows go into it in the step that takes them out of the outbox.

The two files can't change in one transaction. So the history is written first, and waits for the
disk; it knows the number of every window in it, so that a window which comes again, after a power
cut between the two, is not counted again. No error of the disk reaches the caller: windows that
can't be written wait in memory, bounded, and what gets lost so is found by the next number.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from edge.closing import Closing
from edge.config.zone import Ahead
from edge.history import rescue, table
from edge.messages.counts import CountsHead
from edge.outbox.file import StateFile

log = logging.getLogger(__name__)

FILE_NAME = "history.sqlite3"
RING_WINDOWS = 500
"""Windows kept in memory while the disk refuses them."""


class History(Closing):
    """Sums of the windows that left the outbox; one process writes them, the publisher."""

    def __init__(
        self, path: str | Path, ahead: Ahead, *, sums: bool = True, busy_s: float = 0.2
    ) -> None:
        """`ahead` is local time's, by which hours and days begin.

        Without `sums` only the windows' numbers are noted, so that those which are delivered while
        it is switched off are not taken for lost ones later.
        `busy_s` is short, for delivery waits meanwhile; nobody else of ours writes to the file.
        """
        self._file = StateFile(Path(path), rescue.HISTORY, owner=True, busy_s=busy_s)
        self._ahead = ahead
        self._sums = sums
        self._ring: dict[tuple[str, int], CountsHead] = {}
        self._write()  # opens the file and, where needed, rescues it, right away

    def take(self, windows: Sequence[CountsHead]) -> bool:
        """Add the windows that are not in it yet; false where the disk refuses for now."""
        for window in windows:  # the same ones again, where the outbox can't be written either
            self._ring[window.numbering, window.seq] = window
        for oldest in list(self._ring)[: max(len(self._ring) - RING_WINDOWS, 0)]:
            del self._ring[oldest]
        # Once more: the first try may have set a corrupt file aside.
        return self._write() or self._write()

    def close(self) -> None:
        """Write what still waits in memory, if the disk lets us, and let go of the file."""
        if self._ring and not self._write():
            log.error("history: %d windows could not be written", len(self._ring))
        self._file.close()

    def _write(self) -> bool:
        def add(connection: sqlite3.Connection) -> bool:
            if self._ring:
                table.add(connection, self._ring.values(), self._ahead, sums=self._sums)
            return True

        done = self._file.run(add, writes=bool(self._ring)) or False
        if done:
            self._ring.clear()
        return done
