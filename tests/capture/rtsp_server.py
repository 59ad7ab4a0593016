"""A network camera for the tests: RTSP (RFC 2326), an MPEG transport stream over TCP or UDP."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=rtpmap:33 MP2T/90000\r\na=control:video\r\n"
)
TS_PACKETS = 7 * 188


class Server:
    """Plays a .ts file to whoever connects, and afterwards does what `ending` says.

    `ending`: "end" closes the connection, "stall" keeps it open in silence. `answer`: "ok",
    "unauthorized" (401), "missing" (404), or "silence" (never answers). `transports`: what it
    offers of "tcp" and "udp"; it answers 461 to the other. `pace_s`: between two packets.
    """

    def __init__(
        self,
        stream: Path,
        ending: str = "end",
        answer: str = "ok",
        port: int = 0,
        *,
        transports: tuple[str, ...] = ("tcp", "udp"),
        pace_s: float = 0.002,
    ) -> None:
        self.connections = 0
        self.used = ""
        self._transports = transports
        self._pace_s = pace_s
        self._udp_port = 0
        self._content = stream.read_bytes()
        self._ending, self._answer = ending, answer
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(0.1)
            text = b""
            while not self._stopping.is_set():
                with suppress(TimeoutError):
                    received = client.recv(4096)
                    if not received:
                        return
                    text += received
                while b"\r\n\r\n" in text and self._answer != "silence":
                    request, text = text.split(b"\r\n\r\n", 1)
                    if self._reply(client, request.decode()):
                        return

    def _reply(self, client: socket.socket, request: str) -> bool:
        """Answer one request; whether the connection is over."""
        method = request.split(" ", 1)[0]
        number = next(x for x in request.split("\r\n") if x.lower().startswith("cseq"))
        refusal = {"unauthorized": "401 Unauthorized", "missing": "404 Not Found"}
        if self._answer in refusal:
            client.sendall(f"RTSP/1.0 {refusal[self._answer]}\r\n{number}\r\n\r\n".encode())
            return False
        if method == "SETUP" and not self._set_up(request):
            client.sendall(f"RTSP/1.0 461 Unsupported Transport\r\n{number}\r\n\r\n".encode())
            return False
        headers = {
            "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
            "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n",
            "SETUP": f"Transport: {self._transport()}\r\nSession: 1\r\n",
            "PLAY": "Session: 1\r\n",
        }.get(method, "")
        body = SDP if method == "DESCRIBE" else ""
        client.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{headers}\r\n{body}".encode())
        if method != "PLAY":
            return method == "TEARDOWN"
        self._play(client)
        if self._ending == "stall":
            self._stopping.wait(30)
        return True

    def _set_up(self, request: str) -> bool:
        """Note the transport that is asked for; false where it is none of ours."""
        asked = next(x for x in request.split("\r\n") if x.lower().startswith("transport:"))
        self.used = "tcp" if "/TCP" in asked else "udp"
        if self.used == "udp":
            self._udp_port = int(asked.split("client_port=")[1].split("-")[0])
        return self.used in self._transports

    def _transport(self) -> str:
        if self.used == "tcp":
            return "RTP/AVP/TCP;unicast;interleaved=0-1"
        ports = f"client_port={self._udp_port}-{self._udp_port + 1};server_port=50000-50001"
        return f"RTP/AVP;unicast;{ports}"

    def _send(self, client: socket.socket, packet: bytes) -> None:
        if self.used == "tcp":
            client.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(packet, ("127.0.0.1", self._udp_port))

    def _play(self, client: socket.socket) -> None:
        for index, start in enumerate(range(0, len(self._content), TS_PACKETS)):
            if self._stopping.is_set():
                return
            header = struct.pack(">BBHII", 0x80, 33, index & 0xFFFF, index * 900, 1)
            packet = header + self._content[start : start + TS_PACKETS]
            self._send(client, packet)
            time.sleep(self._pace_s)


@contextmanager
def serving(stream: Path, *settings: object, **named: object) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(stream, *settings, **named)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()
