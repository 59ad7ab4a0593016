"""The ingestor: takes messages, commits batches, acknowledges; the store may be away meanwhile."""

from __future__ import annotations

import logging
import time

from hub.ingest.batch import Batch, Taken
from hub.ingest.settings import Settings
from hub.ingest.source import Connect, Message
from hub.message import Refused, Window
from hub.store.base import AwayError, Store, UnfitError

log = logging.getLogger(__name__)

IDLE_S = 0.02
"""With a batch under way, nothing more for so long commits it."""
TURN_S = 0.25
"""Longest wait for the broker, so that a signal is soon heard."""
RETRY_S = 1.0
"""Between two tries at a store that is away."""
TELL_S = 60.0


class Tally:
    """What became of the messages since the start."""

    def __init__(self) -> None:
        self.new = self.repeated = self.refused = 0

    def __str__(self) -> str:
        return f"{self.new} windows stored, {self.repeated} repeats, {self.refused} refused"


class Ingestor:
    """Between a broker and a store; what is in memory is not acknowledged, so it can be lost."""

    def __init__(self, settings: Settings, store: Store, connect: Connect) -> None:
        self._settings = settings
        self._store = store
        self._source = connect(settings, self._take)
        self._batch = Batch()
        self._first_s = self._retry_s = 0.0
        self._heard = 0
        self._away = False
        self.tally = Tally()
        self._told, self._told_s = str(self.tally), time.monotonic()

    @property
    def listens(self) -> bool:
        """Whether the broker hands messages on."""
        return self._source.listens

    def turn(self) -> None:
        """Hear what comes for a moment, and commit where a batch is due."""
        before = self._heard
        self._source.turn(IDLE_S if self._batch and not self._away else TURN_S)
        if self._due(idle=self._heard == before):
            self._commit()
        self._tell()

    def close(self) -> None:
        """Commit what is here, if the store can, and leave; the rest stays with the broker."""
        if self._batch:
            self._commit()
        self._source.close()
        log.info("ended: %s", self.tally)

    def _take(self, message: Message) -> None:
        if not self._batch:
            self._first_s = time.monotonic()
        self._batch.take(message)
        self._heard += 1

    def _due(self, *, idle: bool) -> bool:
        if not self._batch or time.monotonic() < self._retry_s:
            return False
        waited_s = time.monotonic() - self._first_s
        full = len(self._batch) >= self._settings.batch_windows
        return idle or full or waited_s >= self._settings.batch_s

    def _commit(self) -> None:
        """Write the batch, in parts where the store can't hold something in it."""
        parts = [list(self._batch)]
        while parts:
            try:
                self._write(parts[0])
            except UnfitError as error:
                parts[:1] = self._halves(parts[0], str(error))
            except AwayError as error:
                self._wait(str(error))
                return
            else:
                parts.pop(0)
        if self._away:
            log.info("store: it takes windows again")
        self._away = False

    def _write(self, part: list[Taken]) -> None:
        """Store, then acknowledge."""
        windows = [one.what for one in part if isinstance(one.what, Window)]
        others = [one.what for one in part if isinstance(one.what, Refused)]
        written = self._store.write(windows, others, int(time.time() * 1000))
        self._done(part)
        self.tally.new += written.new
        self.tally.repeated += written.repeated
        self.tally.refused += len(others)

    def _halves(self, part: list[Taken], reason: str) -> list[list[Taken]]:
        """A part that the store can't hold, in two; a window by itself as a refused message."""
        if len(part) > 1:
            middle = len(part) // 2
            return [part[:middle], part[middle:]]
        if isinstance(part[0].what, Refused):
            # Its texts are plain and its size is bounded: only a table changed by hand refuses it.
            log.error("dropped %s: %s", part[0].what.digest, reason)
            self._done(part)
            return []
        self._batch.refuse(part[0], reason)
        return [part]

    def _done(self, part: list[Taken]) -> None:
        """Forget what is settled, and tell the broker."""
        self._batch.remove(part)
        self._source.acknowledge([message for one in part for message in one.messages])

    def _wait(self, reason: str) -> None:
        """Keep the batch for another try; said once."""
        if not self._away:
            log.warning("store: %s; windows wait at the broker", reason)
        self._away, self._retry_s = True, time.monotonic() + RETRY_S

    def _tell(self) -> None:
        """One line a minute, where anything has come."""
        if time.monotonic() - self._told_s >= TELL_S:
            if (now := str(self.tally)) != self._told:
                log.info("%s", now)
            self._told, self._told_s = str(self.tally), time.monotonic()
