"""Whether a broker before the one in use is there again, found out beside its connection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from queue import Empty, SimpleQueue
from threading import Thread

from edge.broker_address import Endpoint
from edge.publish.bounded_client import BoundedClient
from edge.publish.brokers import Peer

log = logging.getLogger("mqtt")

LONGEST_S = 3_600.0
"""The longest between two looks, for a broker that answers and then refuses us each time."""


class Lookout:
    """Connects as far as MQTT and lets go: TCP, proxy, TLS and WebSockets, in a thread."""

    def __init__(self, every_s: float, make: Callable[[Peer], BoundedClient]) -> None:
        """`make` gives a client for one attempt, which tells nobody anything."""
        self._least_s = self._every_s = every_s
        self._make = make
        self._found: SimpleQueue[Peer | None] = SimpleQueue()
        self._looking = False
        self._due_s = 0.0

    def connected(self, now_s: float) -> None:
        """A broker took us, and there are better ones."""
        self._due_s = now_s + self._every_s

    def settled(self) -> None:
        """The first of all has held."""
        self._every_s = self._least_s

    def left(self) -> None:
        """A broker is left for one that answers; should that refuse us, the next look is later."""
        self._every_s = min(2.0 * self._every_s, LONGEST_S)

    def step(self, now_s: float, preferred: Sequence[Peer]) -> Peer | None:
        """Look where it is time; the first of `preferred` that was there."""
        if self._looking:
            return self._answer(now_s)
        if preferred and now_s >= self._due_s:
            self._looking = True
            clients = [(peer, self._make(peer)) for peer in preferred]
            Thread(target=self._look, args=(clients,), daemon=True, name="lookout").start()
        return None

    def _answer(self, now_s: float) -> Peer | None:
        try:
            found = self._found.get_nowait()
        except Empty:
            return None
        self._looking = False
        self._due_s = now_s + self._every_s
        return found

    def _look(self, clients: Sequence[tuple[Peer, BoundedClient]]) -> None:
        found = None
        try:
            found = next((peer for peer, client in clients if _answers(peer.to, client)), None)
        finally:
            self._found.put(found)


def _answers(to: Endpoint, client: BoundedClient) -> bool:
    try:
        with closing(client.carrier()):
            return True
    except OSError as error:
        log.debug("%s is not there yet: %s", to, error)
        return False
