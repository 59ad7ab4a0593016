"""Outbox → broker: in order, a handful under way, a row leaves only after its PUBACK."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.messages import CountsHead, encode_counts
from edge.outbox import Outbox

log = logging.getLogger("delivery")

Send = Callable[[bytes], int | None]
"""Hands one encoded window to the broker; the message's id, or None where it wasn't taken."""


class Delivery:
    """Windows under way between the outbox and the broker.

    A window leaves the outbox when it and all windows before it are acknowledged, so that what is
    sent again after a lost connection is always a run of neighbours.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        timeout_s: float,
        refused_retry_s: float,
        delivered: Callable[[CountsHead], None] = lambda _counts: None,
    ) -> None:
        """`delivered` hears of each window once, when its row is gone."""
        self._outbox = outbox
        self._tell = delivered
        self._timeout_s, self._refused_retry_s = timeout_s, refused_retry_s
        self._under_way: dict[int, CountsHead] = {}  # message id → window, in the order sent
        self._answered: set[int] = set()  # ids acknowledged ahead of an earlier one
        self._delivered: list[CountsHead] = []  # to be removed
        self._waiting_since_s = 0.0
        self._paused_until_s = 0.0
        self._said = ""
        self.last: CountsHead | None = None

    def restart(self) -> None:
        """The connection is gone, and with it all that was under way: send it again."""
        self._under_way.clear()
        self._answered.clear()

    def fill(self, now_s: float, send: Send, max_in_flight: int) -> None:
        """Send the next windows, as many as may be under way."""
        self._settle()
        room = max_in_flight - len(self._under_way)
        if room <= 0 or now_s < self._paused_until_s:
            return
        for counts in self._outbox.peek(room, self._sent_up_to()):
            message_id = send(encode_counts(counts))
            if message_id is None:
                return
            if not self._under_way:
                self._waiting_since_s = now_s
            self._under_way[message_id] = counts
            self.last = counts

    def answered(self, message_id: int, refusal: str | None, now_s: float) -> None:
        """The broker acknowledged a message, or refused it (then all is tried again, slowly)."""
        if message_id not in self._under_way:
            return
        self._waiting_since_s = now_s
        if refusal is not None:
            self._refused(refusal, now_s)
            return
        self._answered.add(message_id)
        for first in list(self._under_way):
            if first not in self._answered:
                break
            self._answered.remove(first)
            self._delivered.append(self._under_way.pop(first))

    def is_stuck(self, now_s: float) -> bool:
        """Whether an acknowledgement is overdue: the connection is dead, whatever TCP says."""
        return bool(self._under_way) and now_s - self._waiting_since_s > self._timeout_s

    def left(self) -> int:
        """How many windows still wait, those under way included."""
        self._settle()
        return self._outbox.depth()

    def is_done(self) -> bool:
        """Whether nothing waits any more."""
        return not self._under_way and not self.left() and not self._delivered

    def _sent_up_to(self) -> int:
        if self._under_way:
            return next(reversed(self._under_way.values())).seq
        return self._delivered[-1].seq if self._delivered else 0

    def _refused(self, refusal: str, now_s: float) -> None:
        if refusal != self._said:
            pause_s = self._refused_retry_s
            log.warning("windows are kept: %s; trying again every %g s", refusal, pause_s)
        self._said = refusal
        self._paused_until_s = now_s + self._refused_retry_s
        self.restart()

    def _settle(self) -> None:
        """Remove what is delivered, in one transaction; later, where the disk balks."""
        if self._delivered and self._outbox.remove(counts.seq for counts in self._delivered):
            for counts in self._delivered:
                self._tell(counts)
            self._delivered.clear()
            self._said = ""
