"""Outbox → broker: in order, a handful under way, a row leaves only after its PUBACK.

What breaks the rules of the message is never sent, and blocks nothing: its number goes out with an
empty window that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from edge.messages.checking import sendable
from edge.messages.counts import CountsHead
from edge.outbox.outbox import Outbox

log = logging.getLogger("delivery")

REFUSED = "refused"
"""Name under which the outbox keeps how many windows broke the rules."""

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
        refused_retry_s: float,
        places: Collection[str] = (),
        delivered: Callable[[CountsHead], None] = lambda _counts: None,
        remove: Callable[[Sequence[CountsHead]], bool] | None = None,
    ) -> None:
        """`places` are the keys that may be told; `delivered` hears of each window that is gone.

        `remove` takes delivered windows out of the outbox, in place of the outbox itself.
        """
        self._remove = remove or (lambda windows: outbox.remove(each.seq for each in windows))
        self._outbox = outbox
        self._places = places
        self._tell = delivered
        self._broken: set[int] = set()  # numbers sent empty, for the rules that they break
        self._refused_retry_s = refused_retry_s
        self._under_way: dict[int, CountsHead] = {}  # message id → window, in the order sent
        self._answered: set[int] = set()  # ids acknowledged ahead of an earlier one
        self._delivered: list[CountsHead] = []  # to be removed
        self._paused_until_s = 0.0
        self._said = ""
        self.last: CountsHead | None = None

    def restart(self) -> None:
        """The connection is gone, and with it all that was under way: send it again."""
        self._under_way.clear()
        self._answered.clear()

    def fill(self, now_s: float, send: Send, room: int, *, acknowledged: bool = True) -> None:
        """Send the next windows, as many as there is room for.

        Where none is `acknowledged` (QoS 0) a window counts as delivered when it is handed over.
        """
        self.settle()
        if room <= 0 or now_s < self._paused_until_s:
            return
        waiting = self._outbox.peek(room, self._sent_up_to())
        under = self._outbox.numbering() if waiting else ""
        for stored in waiting:
            counts, payload = self._prepared(stored, under)
            message_id = send(payload)
            if message_id is None:
                break
            if acknowledged:
                self._under_way[message_id] = counts
            else:
                self._delivered.append(counts)
            self.last = counts
        if not acknowledged:
            self.settle()

    def _prepared(self, stored: CountsHead, under: str) -> tuple[CountsHead, bytes]:
        """What is sent under the window's number."""
        counts, payload, refusal = sendable(stored, self._places, under)
        if refusal and counts.seq not in self._broken:
            self._broken.add(counts.seq)
            log.error("window %d is sent empty, as lost: %s", counts.seq, refusal)
        return counts, payload

    def answered(self, message_id: int, refusal: str | None, now_s: float) -> None:
        """The broker acknowledged a message, or refused it (then all is tried again, slowly)."""
        if message_id not in self._under_way:
            return
        if refusal is not None:
            self._refused(refusal, now_s)
            return
        self._answered.add(message_id)
        for first in list(self._under_way):
            if first not in self._answered:
                break
            self._answered.remove(first)
            self._delivered.append(self._under_way.pop(first))

    def settle(self) -> None:
        """Remove what is delivered, in one transaction; later, where the disk balks."""
        if self._delivered and self._remove(self._delivered):
            for counts in self._delivered:
                self._tell(counts)
            broken = self._broken.intersection(counts.seq for counts in self._delivered)
            if broken:
                self._outbox.remove((), add={REFUSED: len(broken)})
                self._broken -= broken
            self._delivered.clear()
            self._said = ""

    def left(self) -> int | None:
        """How many windows still wait, those under way included; None where that can't be read."""
        self.settle()
        return self._outbox.depth()

    def is_done(self) -> bool:
        """Whether nothing waits any more."""
        return not self._under_way and self.left() == 0 and not self._delivered

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
