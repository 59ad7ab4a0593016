"""paho's client with a bound on what a peer can make it buffer."""

from __future__ import annotations

import paho.mqtt.client as mqtt

MAX_INCOMING_BYTES = 16_384
"""A longer packet is never read: MQTT 5 brokers are told so, for 3.1.1 the connection is cut."""


class BoundedClient(mqtt.Client):
    """paho's client, unable to be made to buffer a huge packet."""

    max_incoming_bytes = MAX_INCOMING_BYTES
    oversized = False
    """Whether the connection was cut because a packet was larger than that."""

    def _sock_recv(self, bufsize: int) -> bytes:
        size = int(self._in_packet["remaining_length"])
        if size > self.max_incoming_bytes:
            self.oversized = True
            raise ConnectionError(f"a packet of {size} bytes is not taken")
        return super()._sock_recv(min(bufsize, self.max_incoming_bytes))
