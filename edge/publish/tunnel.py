"""A way through an HTTP proxy: the method CONNECT (RFC 9110, section 9.3.6)."""

from __future__ import annotations

import re
import socket
from email.base64mime import body_encode

from edge.broker_address import Endpoint
from edge.config.proxy import Proxy
from edge.publish.peer_error import NoWayError

MAX_ANSWER_BYTES = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_MEANING = {
    "403": "it does not allow this host or port",
    "405": "it does not allow this host or port",
    "407": "it asks for user and password; write them into mqtt.proxy as "
    "http://USER:PASSWORD@HOST:PORT",
    "502": "it does not reach the broker; check mqtt.host and mqtt.port",
    "503": "it does not reach the broker; check mqtt.host and mqtt.port",
    "504": "it does not reach the broker; check mqtt.host and mqtt.port",
}


def open_tunnel(connected: socket.socket, proxy: Proxy, to: Endpoint) -> None:
    """Ask the proxy at the other end for a connection to `to`; NoWayError where it gives none."""
    lines = [f"CONNECT {to.authority} HTTP/1.1", f"Host: {to.authority}"]
    if proxy.login:
        # Basic of RFC 7617, in one line however long.
        lines.append(f"Proxy-Authorization: Basic {body_encode(proxy.login.encode(), eol='')}")
    connected.sendall("\r\n".join((*lines, "\r\n")).encode())
    status = _status(_answer(connected))
    if not status.startswith("2"):
        said = f"answers with HTTP status {status}" if status else "is no HTTP proxy"
        meaning = f": {_MEANING[status]}" if status in _MEANING else "; check mqtt.proxy"
        raise NoWayError(f"the proxy {proxy.host}:{proxy.port} {said}{meaning}")


def _status(answer: bytes) -> str:
    found = _STATUS.match(answer)
    return found[1].decode() if found else ""


def _answer(connected: socket.socket) -> bytes:
    """All up to the empty line, byte by byte: what follows belongs to the broker."""
    answer = b""
    while not answer.endswith((b"\r\n\r\n", b"\n\n")):
        byte = connected.recv(1)
        if not byte or len(answer) >= MAX_ANSWER_BYTES:
            break
        answer += byte
    return answer
