"""paho's client with bounds on what a peer can make it keep.

paho buffers a packet whole, whatever its length says, and keeps each message of QoS 2 until the
sender releases it: a broker that never does made the process grow without end.
"""

from __future__ import annotations

import socket
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MessageType, MQTTErrorCode
from paho.mqtt.exception import MQTTException

from edge.publish.dial import dial

MAX_INCOMING_BYTES = 16_384
"""Of a longer packet the rest is read and thrown away; MQTT 5 brokers are told not to send one."""
MAX_OUTGOING_PACKETS = 1_024
"""Packets that wait for a broker that does not read: acknowledgements, above all."""
_CHUNK_BYTES = 65_536


class UnaskedError(MQTTException):
    """The peer does what nobody asked it to; its text is a sentence."""


class BoundedClient(mqtt.Client):
    """paho's client, unable to be made to keep much."""

    max_incoming_bytes = MAX_INCOMING_BYTES

    def limit_in_flight(self, most: int) -> None:
        """Send no more than `most` publishes above QoS 0 before the broker answers one.

        For the moment the broker tells its Receive Maximum, when nothing is under way yet; the
        library's own setter refuses to act on an open connection.
        """
        self._max_inflight_messages = most

    def _create_socket_connection(self) -> socket.socket:
        """TCP by ourselves: the library waits for each address of a name as long as for one."""
        bound_s = float(self._connect_timeout)
        end_s = time.monotonic() + bound_s
        connected = dial(str(self._host), int(self._port), bound_s)
        # What is left is TLS's, which follows at once.
        self._connect_timeout = max(end_s - time.monotonic(), 0.1)
        return connected

    def _sock_recv(self, bufsize: int) -> bytes:
        packet = self._in_packet
        size = int(packet["remaining_length"])
        if size <= self.max_incoming_bytes:
            return super()._sock_recv(bufsize)
        if packet["command"] & 0xF0 != MessageType.PUBLISH:
            raise UnaskedError(f"the broker's bytes make no sense: a packet of {size} bytes")
        if not packet["have_remaining"]:
            return super()._sock_recv(bufsize)
        room = self.max_incoming_bytes - len(packet["packet"])
        if room > 0:
            return super()._sock_recv(min(bufsize, room))
        # The caller keeps what it is given and counts it: of each chunk that is one byte.
        data = super()._sock_recv(min(bufsize, _CHUNK_BYTES))
        packet["to_process"] -= max(len(data) - 1, 0)
        return data[:1]

    def _packet_handle(self) -> MQTTErrorCode:
        command = self._in_packet["command"]
        if command & 0xF0 == MessageType.PUBLISH and command & 0x06 == 0x04:
            raise UnaskedError("the broker sends with QoS 2, which nobody asked for")
        if len(self._out_packet) > MAX_OUTGOING_PACKETS:
            raise UnaskedError("the broker sends and does not read")
        return super()._packet_handle()
