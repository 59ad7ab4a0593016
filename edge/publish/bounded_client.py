"""paho's client with bounds on what a peer can make it keep.

paho buffers a packet whole, whatever its length says, and keeps each message of QoS 2 until the
sender releases it: a broker that never does made the process grow without end.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MessageType, MQTTErrorCode

from edge.broker_address import AUTO, Endpoint
from edge.config.proxy import Proxy
from edge.publish.auto_broker import locate
from edge.publish.deadline import shut_down_at
from edge.publish.dial import dial
from edge.publish.peer_error import NoWayError, TooLargeError, UnaskedError
from edge.publish.pins import require_pinned
from edge.publish.refusal import HINTS, PACKET_TOO_LARGE
from edge.publish.tunnel import open_tunnel
from edge.publish.web_socket import WebSocket

MAX_INCOMING_BYTES = 16_384
"""Of a longer packet the rest is read and thrown away; MQTT 5 brokers are told not to send one."""
MAX_OUTGOING_PACKETS = 1_024
"""Packets that wait for a broker that does not read: acknowledgements, above all."""
FOUND_AND_REACHED_S = 75.0
"""Looking for brokers and reaching one of them; the watchdog of the unit ends us after 90 s."""
_TOO_LARGE = bytes([PACKET_TOO_LARGE])
"""mosquitto's `message_size_limit` says so in PUBACK, which MQTT 5 doesn't provide for (3.4.2.1),
and the library gives up without it."""
_CHUNK_BYTES = 65_536


class BoundedClient(mqtt.Client):
    """paho's client, unable to be made to keep much."""

    max_incoming_bytes = MAX_INCOMING_BYTES
    to: Endpoint
    proxy: Proxy | None = None
    pins: tuple[str, ...] = ()
    """SHA-256 of certificates or public keys, of which the broker's has to be one; none: any."""
    ask_dns: bool = False
    """Whether the network's DNS may name the broker that is to be found."""
    found: bool = False
    """Whether the network named the broker; where no certificate proves it, it is no service of
    this machine's loopback, which trusts whoever reaches it."""
    unwritable: bool = False
    """Whether nothing can be sent any more; what the broker has said is still to be read."""

    def limit_in_flight(self, most: int) -> None:
        """Send no more than `most` publishes above QoS 0 before the broker answers one.

        For the moment the broker tells its Receive Maximum, when nothing is under way yet; the
        library's own setter refuses to act on an open connection.
        """
        self._max_inflight_messages = most

    def _create_socket(self) -> Any:
        return self.carrier()

    def carrier(self) -> Any:
        """What MQTT goes over, connected; the library would wait for each address of a name.

        Of brokers that are to be found the first that can be reached, and trusted, is taken.
        """
        if self.to.host != AUTO:
            return self._opened((), self.connect_timeout)
        begin_s = time.monotonic()
        found = locate(tls=self.to.tls, ask_dns=self.ask_dns)
        left_s = FOUND_AND_REACHED_S - (time.monotonic() - begin_s)
        share_s = max(min(self.connect_timeout, left_s), 1.0) / len(found)
        self.found = True
        for number, (_, self.to, addresses, _) in enumerate(found, 1):
            self._host = self.to.host  # TLS checks the certificate for it
            try:
                return self._opened(addresses, share_s)
            except OSError:
                if number == len(found):
                    raise
        raise AssertionError("none was found")

    def _opened(self, known: Sequence[str], within_s: float) -> Any:
        """All that comes before MQTT, TCP, a proxy, TLS and WebSockets, within one bound.

        `known` are the addresses of the broker where they need not be looked up.
        """
        end_s = time.monotonic() + within_s
        first = self.proxy or self.to
        beyond = self.found and not self.to.tls
        connected = dial(first.host, first.port, within_s, known, beyond=beyond)
        try:
            with shut_down_at(connected, end_s):
                return self._prepared(connected)
        except OSError:
            connected.close()
            raise
        except ValueError as error:
            connected.close()
            raise NoWayError("the broker's name is no name of a host; check mqtt.host") from error
        except BaseException:
            connected.close()
            raise

    def _prepared(self, connected: socket.socket) -> Any:
        """TCP → what MQTT goes over."""
        connected.settimeout(self.connect_timeout)
        if self.proxy:
            open_tunnel(connected, self.proxy, self.to)
        self.to.host.encode("idna")  # the library hides that TLS can't name it
        carrier = self._ssl_wrap_socket(connected) if self.to.tls else connected
        carrier.settimeout(self.connect_timeout)
        if self.pins:
            require_pinned(carrier, self.pins)
        return WebSocket(carrier, self.to) if self.to.path else carrier

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

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """As `send`; of a connection that has ended it takes nothing, and the reading tells why.

        What the broker said before it closed is still to be read: its reason, its acknowledgements,
        or with TLS 1.3, where our handshake is over before it judges our certificate, its alert.
        The library would give up without it.
        """
        try:
            return super()._sock_send(buf)
        except BlockingIOError:
            raise
        except OSError as error:
            self.unwritable = True
            raise BlockingIOError from error

    def _packet_handle(self) -> MQTTErrorCode:
        command = self._in_packet["command"]
        if command & 0xF0 == MessageType.PUBLISH and command & 0x06 == 0x04:
            raise UnaskedError("the broker sends with QoS 2, which nobody asked for")
        if command & 0xF0 == MessageType.PUBACK and self._in_packet["packet"][2:3] == _TOO_LARGE:
            raise TooLargeError("the broker says: packet too large; " + HINTS[PACKET_TOO_LARGE])
        if len(self._out_packet) > MAX_OUTGOING_PACKETS:
            raise UnaskedError("the broker sends and does not read")
        return super()._packet_handle()
