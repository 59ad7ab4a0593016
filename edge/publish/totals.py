"""Delivered windows → the sums since ever and since midnight, kept beside the windows.

A window leaves the outbox and enters the sums in one transaction, so that each is in them once,
whatever ends the process. Where the outbox is new (a new card), ever's sums go on from what the
broker has retained.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from edge.config.tables import Config
from edge.config.zone import DAY_S, Ahead, ahead_in, midnight_s
from edge.messages.counts import CountsHead
from edge.messages.fields import timestamp
from edge.messages.totals import (
    SPANS,
    SUMS,
    Totals,
    TotalsHead,
    decode_totals,
    encode_totals,
    told_by,
)
from edge.messages.unreadable import UNREADABLE
from edge.outbox.outbox import Outbox
from edge.publish.connection import Connection
from edge.publish.message import Message

log = logging.getLogger("totals")

_BEGUN, _DAY, _SEQ = "total_begun_ms", "total_day", "total_seq"
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
ANSWER_S = 3.0
"""How long a broker may take to send what it retains, once it has granted the subscription."""
EVERY_S = 10.0
"""Between two records while a back-log is sent."""


class RunningTotals:
    """The sums of one outbox."""

    def __init__(self, outbox: Outbox, ahead: Ahead, lines: Sequence[str] = ()) -> None:
        """`ahead` is local time's, by which days begin; `lines` are the keys of lines."""
        self._outbox, self._ahead = outbox, ahead
        self._names = (*SUMS, *lines)

    def remove(self, windows: Sequence[CountsHead]) -> bool:
        """Take delivered windows out of the outbox and into the sums; false where that fails."""
        day, keep = self._outbox.known(_DAY), dict[str, int]()
        ever, today = Counter[str](), Counter[str]()
        if day is None:
            return False
        for window in windows:
            told = told_by(window)
            ever.update(told)
            new = self._day_of(window)
            if new != day and (new > day or window.clock_synced):
                day, today = new, Counter()
                keep |= {_kept("today", name): 0 for name in self._names}
            if new == day:
                today.update(told)
            keep |= {_DAY: day, _SEQ: window.seq}
        add = {
            _kept(span, name): people
            for span, sums in zip(SPANS, (ever, today), strict=True)
            for name, people in sums.items()
        }
        return self._outbox.remove((window.seq for window in windows), keep, add)

    def begun(self) -> bool | None:
        """Whether they may be told; None where that can't be read."""
        begun = self._outbox.known(_BEGUN)
        return None if begun is None else begun > 0

    def begin(self, wall_s: float) -> None:
        """Nothing is to be taken up: what was summed until now is all."""
        self._outbox.keep(_BEGUN, int(wall_s * 1000))

    def take_up(self, payload: bytes) -> None:
        """Go on from a record that an earlier outbox of this device left at the broker."""
        try:
            found = decode_totals(payload)
            since_ms = round(datetime.fromisoformat(found.since).timestamp() * 1000)
        except (*UNREADABLE, ValueError, TypeError) as error:
            log.warning("the totals at the broker are not taken up: %s", error)
            return
        if found.numbering == self._outbox.numbering() or self.begun() is not False:
            return
        add = {_kept("ever", name): _of(found, "ever", name) for name in self._names}
        if self._outbox.remove((), {_BEGUN: max(since_ms, 1)}, add):
            log.info(
                "ever's totals go on from the broker's: %d people", add[_kept("ever", "people")]
            )

    def record(self, wall_s: float) -> TotalsHead | None:
        """The sums as they are now; None where they can't be told (yet)."""
        kept = self._outbox.tallies() or {}
        begun, day = kept.get(_BEGUN), kept.get(_DAY)
        if not begun or not day:
            return None
        sums: dict[str, Any] = {
            f"{span}_{name}": kept.get(_kept(span, name), 0)
            for span in SPANS
            for name in self._names
        }
        lines = {name: sums.pop(name) for name in list(sums) if "_line_" in name}
        return Totals(
            time=timestamp(wall_s),
            numbering=self._outbox.numbering(),
            seq=kept.get(_SEQ, 0),
            since=timestamp(begun / 1000),
            day=(datetime.fromtimestamp(0, UTC) + timedelta(days=day)).date().isoformat(),
            midnight=timestamp(midnight_s(day, self._ahead)),
            lines=lines,
            **sums,
        )

    def _day_of(self, window: CountsHead) -> int:
        start_s = datetime.fromisoformat(window.start).timestamp()
        return max(int((start_s + self._ahead(start_s)) // DAY_S), 1)


def _kept(span: str, name: str) -> str:
    """A sum's name in the outbox's table, which takes 64 letters; a line's is a digest."""
    if name.startswith("line_"):
        name = "line_" + hashlib.sha256(name.encode()).hexdigest()[:32]
    return f"total_{span}_{name.translate(_LETTERS)}"


def _of(record: TotalsHead, span: str, name: str) -> int:
    key = f"{span}_{name}"
    value: int = record.lines[key] if key in record.lines else getattr(record, key, 0)
    return value


class TotalsNews:
    """Publishes the record: after a connect, and at the ends of windows.

    Silent under noise, whose sums would be nearly exact.
    """

    def __init__(self, config: Config, outbox: Outbox, topic: str) -> None:
        lines = [key for key in config.space.keys if key.startswith("line_")]
        self._sums = RunningTotals(outbox, ahead_in(config.window.timezone), lines)
        self._silent = config.privacy.epsilon is not None
        self._topic = topic
        self._asked_s: float | None = None
        self._due, self._said_s = False, -EVERY_S

    def remove(self, windows: Sequence[CountsHead]) -> bool:
        """Take delivered windows out of the outbox and into the sums."""
        self._due = True
        return self._sums.remove(windows)

    def connected(self, connection: Connection, now_s: float) -> None:
        """The record is due again; sums that are new ask for what an earlier card left.

        They ask the first broker alone, and wait for it: what others hold may be from long ago.
        """
        self._due, self._said_s, self._asked_s = True, -EVERY_S, None
        if connection.first_choice and not self._silent and self._sums.begun() is False:
            self._asked_s = now_s
            connection.subscribe(self._topic)

    def received(self, payload: bytes) -> None:
        """What is retained under this device's own topic."""
        if self._asked_s is not None:
            self._asked_s = None
            self._sums.take_up(payload)
            self._begin()

    def publish_due(self, connection: Connection, now_s: float, idle: Callable[[], bool]) -> None:
        """Publish it where it is due; while a back-log is sent (not `idle`) only now and then."""
        if self._silent or not self._due:
            return
        if self._asked_s is not None:
            asked = connection.subscriptions
            silent = self._topic in asked.granted and now_s - self._asked_s > ANSWER_S
            if silent or self._topic in asked.refused:
                self._asked_s = None
                self._begin()
            return
        if now_s - self._said_s < EVERY_S and not idle():
            return
        self._due, self._said_s = False, now_s
        totals = self._sums.record(time.time())
        if totals is not None:
            connection.publish(Message(self._topic, encode_totals(totals), 1, True))

    def _begin(self) -> None:
        if self._sums.begun() is False:
            self._sums.begin(time.time())
