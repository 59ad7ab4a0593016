"""MQTT over WebSockets (RFC 6455): paho's handshake and sending, and a reading that keeps nothing.

paho's own reading keeps each frame whole, whatever its length says, and a frame ends only where the
broker wants it to.
"""

from __future__ import annotations

import re
import socket
from typing import Any

from paho.mqtt.client import WebsocketConnectionError, _WebsocketWrapper

from edge.broker_address import Endpoint
from edge.publish.peer_error import NoWayError, UnaskedError

MAX_ANSWER_BYTES = 16_384
MAX_CONTROL_BYTES = 125
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_MEANING = {
    "401": "it asks for a login of its own, which is not MQTT's",
    "403": "it does not allow this; check mqtt.path",
    "404": "check mqtt.path",
}


class WebSocket(_WebsocketWrapper):
    """A socket to paho: what is sent goes out in frames, what is read is the payload of frames."""

    def __init__(self, connected: socket.socket, to: Endpoint) -> None:
        """Shake hands over a connected socket; NoWayError where the other end does not."""
        self._head = bytearray()  # of a frame, as far as it has come
        self._left = 0  # bytes of the payload under way that are still to be read
        # paho writes an IPv6 address without its brackets.
        named = {"Host": to.authority, "Origin": f"http{'s' * to.tls}://{to.authority}"}
        super().__init__(
            socket=connected, host=to.host, port=to.port, is_ssl=to.tls, path=to.path,
            extra_headers=named,
        )  # fmt: skip

    def _do_handshake(self, extra_headers: Any) -> None:
        plain, answered = self._socket, _Answered(self._socket)
        self._socket = answered  # type: ignore[assignment]
        try:
            super()._do_handshake(extra_headers)
        except (WebsocketConnectionError, ValueError, IndexError) as error:
            raise NoWayError(_why(answered.answer)) from error
        finally:
            self._socket = plain

    def _recv_impl(self, length: int) -> bytes:
        try:
            if not self._left:
                self._begin_frame()
            data: bytes = self._socket.recv(min(length, self._left))
        except ConnectionError:
            data = b""
        self.connected = bool(data)
        self._left -= len(data)
        return data

    def _begin_frame(self) -> None:
        """Read the head of the next frame of data; BlockingIOError where that is not there yet."""
        self._fill(2)
        opcode, size = self._head[0] & 0x0F, self._head[1]
        more = {126: 2, 127: 8}.get(size, 0)
        self._fill(2 + more)
        size = int.from_bytes(self._head[2:]) if more else size
        if opcode in (self.OPCODE_BINARY, self.OPCODE_CONTINUATION) and self._head[1] < 0x80:
            self._head.clear()
            self._left = size
        else:
            self._control(opcode, size)
        if not self._left:
            raise BlockingIOError

    def _control(self, opcode: int, size: int) -> None:
        known = opcode in (self.OPCODE_PING, self.OPCODE_PONG, self.OPCODE_CONNCLOSE)
        if not known or size > MAX_CONTROL_BYTES:
            raise UnaskedError("the broker's bytes make no sense: a frame of no known kind")
        self._fill(2 + size)
        payload = self._head[2:]
        self._head.clear()
        if opcode == self.OPCODE_CONNCLOSE:
            raise ConnectionAbortedError
        # A pong must not go out amid a frame; without it the broker may give us up.
        if opcode == self.OPCODE_PING and not self._sendbuffer:
            pong = self._create_frame(self.OPCODE_PONG, payload)
            if self._socket.send(pong) < len(pong):
                raise ConnectionAbortedError

    def _fill(self, size: int) -> None:
        """Have so many bytes in `_head`; BlockingIOError while they are under way."""
        while len(self._head) < size:
            data = self._socket.recv(size - len(self._head))
            if not data:
                raise ConnectionAbortedError
            self._head += data


class _Answered:
    """The socket during the handshake: what the other end answers is kept, and is not endless."""

    def __init__(self, connected: Any) -> None:
        self._connected = connected
        self.answer = b""

    def send(self, data: bytes) -> None:
        self._connected.sendall(data)

    def recv(self, size: int) -> bytes:
        data: bytes = self._connected.recv(size)
        self.answer += data
        if len(self.answer) > MAX_ANSWER_BYTES:
            raise WebsocketConnectionError
        return data


def _why(answer: bytes) -> str:
    """Why there is no WebSocket, by what was answered to the handshake."""
    found = _STATUS.match(answer)
    if found is None:
        said = "speaks something else" if answer else "closes the connection unanswered"
        return f"the broker {said}; check mqtt.port, mqtt.tls and mqtt.transport"
    status = found[1].decode()
    meaning = _MEANING.get(status, "check mqtt.port and mqtt.path")
    return f"the broker answers with HTTP status {status} instead of WebSockets: {meaning}"
