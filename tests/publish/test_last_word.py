"""What a broker says last is heard, though the device writes to a connection that has ended."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge.outbox.outbox import Outbox
from edge.publish.message import Message
from edge.publish.refusal import explain
from tests.publish.certificates import Authority
from tests.publish.support import config_for, counts, drive, make_publisher, wait_for
from tests.publish.ways import Way

REPEATS = 10
CONNACK = b"\x20\x03\x00\x00\x00"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


class Leaving:
    """A broker of MQTT 5 that takes a client, waits for `leave`, says why, and closes."""

    def __init__(
        self, last_word: bytes, secure: ssl.SSLContext | None, *, web: bool, resets: bool
    ) -> None:
        self._word, self._secure, self._web, self._resets = last_word, secure, web, resets
        self.leave, self.gone = Event(), Event()
        self.port = Way(self._serve).port

    def _serve(self, client: socket.socket) -> None:
        try:
            if self._secure is None:
                self._talk(client)
            else:
                with self._secure.wrap_socket(client, server_side=True) as secure:
                    self._talk(secure)
        finally:
            client.close()
            self.gone.set()

    def _talk(self, client: socket.socket) -> None:
        if self._web:
            shake_hands(client)
        client.recv(65_536)
        client.sendall(self._framed(CONNACK))
        assert self.leave.wait(20)
        if not self._resets:
            client.settimeout(0)
            with suppress(OSError):  # what came is read, so that the closing is no reset
                while client.recv(65_536):
                    pass
            client.settimeout(20)
        client.sendall(self._framed(self._word))

    def _framed(self, data: bytes) -> bytes:
        return bytes([0x82, len(data)]) + data if self._web else data


def shake_hands(client: socket.socket) -> None:
    """Answer the request for WebSockets."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += client.recv(1)
    [key] = re.findall(rb"(?i)sec-websocket-key: (\S+)", request)
    accepted = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
    )


def encryption(folder: Path, way: str) -> tuple[ssl.SSLContext | None, dict[str, Any]]:
    """A broker's side of TLS, where a way has one, and the device's keys for it."""
    if way in ("tcp", "ws"):
        return None, {}
    authority = Authority(folder)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(*authority.issue("broker"))
    if way == "TLS 1.2":
        secure.maximum_version = ssl.TLSVersion.TLSv1_2
    return secure, {"tls": True, "ca_file": str(authority.ca)}


@pytest.mark.parametrize("way", ["tcp", "ws", "TLS 1.2", "TLS 1.3", "wss"])
@pytest.mark.parametrize(
    ("code", "resets"),
    [(0x93, False), (0x97, False), (0x98, False), (0x8E, False), (0x93, True), (0x8E, True)],
    ids=lambda value: hex(value) if value > 1 else ("closes", "resets")[value],
)
def test_the_brokers_reason_is_told_though_we_write_first(
    tmp_path: Path, outbox: Outbox, way: str, code: int, resets: bool
) -> None:
    """Windows are under way when it ends the connection, and it is quoted each time."""
    outbox.append(counts())
    secure, keys = encryption(tmp_path, way)
    web = way in ("ws", "wss")
    broker = Leaving(bytes([0xE0, 0x01, code]), secure, web=web, resets=resets)
    keys |= {"transport": "websockets"} if web else {}
    wanted = explain(ReasonCode(PacketTypes.DISCONNECT, identifier=code))
    publisher = make_publisher(config_for(tmp_path, broker.port, refused_retry_s=0.01, **keys))
    for _ in range(REPEATS):
        drive(publisher, lambda: publisher.connection.up)
        broker.leave.set()
        wait_for(broker.gone.is_set, 20, "the broker's end")
        broker.leave.clear()
        broker.gone.clear()
        for _ in range(3):  # the first is taken by the kernel, and answered by a reset
            publisher.connection.publish(Message("agender/v2/shop/door/state", b"{}", 0))
        publisher.connection._attempt.client.unwritable = False
        # As where the broker's end falls between the look at the socket and the writing.
        publisher.connection.ready(time.monotonic(), readable=False, writable=True)
        drive(publisher, lambda: not publisher.connection.up)
        assert publisher.connection.failure == wanted
    publisher.connection.close()


def test_a_way_that_takes_nothing_more_is_given_up(tmp_path: Path, outbox: Outbox) -> None:
    """Where the broker says nothing, and has not ended it, nothing is waited for."""
    broker = Leaving(b"", None, web=False, resets=False)
    publisher = make_publisher(config_for(tmp_path, broker.port, timeout_s=600.0))
    drive(publisher, lambda: publisher.connection.up)
    publisher.connection._attempt.client.socket().shutdown(socket.SHUT_WR)
    publisher.connection.publish(Message("agender/v2/shop/door/state", b"{}", 0))
    drive(publisher, lambda: not publisher.connection.up)
    publisher.connection.close()
    broker.leave.set()
