"""What may lie before a broker: WebSockets, an HTTP proxy, TLS that chooses by ALPN."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.publish.certificates import Authority
from tests.publish.guarded import tls_lines
from tests.publish.support import STARTED, Broker, free_port, wait_for

Serve = Callable[[socket.socket], None]


class Way:
    """A server on a loopback port that talks to each client in a thread of its own."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        STARTED.append(self.close)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._open.append(client)
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(20)
            self._serve(client)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for client in self._open:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


def joined(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one of them ends; in one thread, for TLS takes no two."""
    ways = {one: other, other: one}
    while True:
        ready = [each for each in ways if isinstance(each, ssl.SSLSocket) and each.pending()]
        for source in ready or select.select([one, other], [], [], 20)[0]:
            data = source.recv(65_536)
            if not data:
                return
            ways[source].sendall(data)


def http_proxy(asked: list[str], *, login: str = "") -> Way:
    """CONNECT to any port of the loopback; `asked` gets each request. `login` is base64."""

    def serve(client: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += client.recv(1)
        asked.append(request.decode())
        if login and f"Proxy-Authorization: Basic {login}\r\n" not in asked[-1]:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, _, port = asked[-1].split()[1].rpartition(":")
        try:
            broker = socket.create_connection((host, int(port)), 5)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with broker:
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            joined(client, broker)

    return Way(serve)


def alpn_gate(authority: Authority, name: str, port: int) -> Way:
    """TLS that hands on to the port behind it who names a protocol, and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("gate"))
    context.set_alpn_protocols([name])

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            if secure.selected_alpn_protocol() == name:
                with socket.create_connection(("127.0.0.1", port), 5) as broker:
                    joined(secure, broker)

    return Way(serve)


def websockets_broker(folder: Path, authority: Authority | None = None) -> tuple[Broker, int]:
    """mosquitto with WebSockets, with TLS where there is an authority; and that listener's port.

    It starts with no listener but one of these, so there is a plain one too.
    """
    port = free_port()
    secure = tls_lines(authority) if authority else ()
    lines = (f"listener {port} 127.0.0.1", "protocol websockets", *secure)
    broker = Broker(folder, *lines)
    wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 10, "WebSockets")
    return broker, port
