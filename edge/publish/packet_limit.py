"""The longest packet that the broker takes: announced by MQTT 5, else learned from what it does."""

from __future__ import annotations

import logging

from edge.publish.message import Message

log = logging.getLogger("mqtt")

LONGEST = 268_435_455
"""Of any packet of MQTT, in bytes."""
SUSPICIONS = 2
"""Connections in a row that end over one packet before it is taken to be too long."""
_AROUND_BYTES = 10
"""Fixed header 5, length of the topic 2, packet identifier 2, length of no properties 1."""


def packet_bytes(message: Message) -> int:
    """Size of the PUBLISH packet, in bytes, or a little above."""
    return _AROUND_BYTES + len(message.topic.encode()) + len(message.payload)


class PacketLimit:
    """What is known of one broker, over all connections to it.

    A broker that speaks 3.1.1 announces nothing, and closes the connection over what is too long
    for it. What was acknowledged once is never suspected.
    """

    def __init__(self) -> None:
        self._announced = self._learned = LONGEST
        self._proven = self._suspicions = 0
        self._said: set[str] = set()  # topics of which a message was too long

    def connected(self, announced: int) -> None:
        """A new connection, with the broker's Maximum Packet Size."""
        self._announced = announced

    def takes(self, message: Message) -> bool:
        """Whether the broker's own word allows it; says once for a topic where it does not."""
        fits = packet_bytes(message) <= self._announced
        if not fits and message.topic not in self._said:
            self._said.add(message.topic)
            size, most = packet_bytes(message), self._announced
            log.error("%s: of %d bytes the broker takes %d", message.topic, size, most)
        return fits

    def room(self, topic: str) -> int:
        """Bytes of payload that fit, by the broker's word and by what was learned."""
        most = min(self._announced, self._learned)
        return max(most - packet_bytes(Message(topic, b"")), 0)

    def fits(self, message: Message) -> bool:
        """Whether the broker is known to take as long a message."""
        return len(message.payload) <= self.room(message.topic)

    def acknowledged(self, size: int) -> None:
        """The broker took a packet of `size` bytes."""
        if size > self._proven:
            self._proven, self._suspicions = size, 0

    def lost(self, largest: int, *, too_large: bool) -> None:
        """The connection ended with `largest` bytes unacknowledged; `too_large`: it said so."""
        if largest <= self._proven:
            return
        self._suspicions += 1
        if too_large or self._suspicions >= SUSPICIONS:
            known, self._learned, self._suspicions = self._learned, largest - 1, 0
            if known == self._learned:
                return  # told already
            log.warning(
                "the broker ends the connection over a packet of %d bytes; info and discovery are "
                "kept below that from now on",
                largest,
            )
