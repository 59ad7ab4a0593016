"""A TCP proxy that spoils connections: cut, reset, halved, delayed, black-holed."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections import Counter
from random import Random

KINDS = ("cut", "reset", "halve", "delay", "black-hole", "refuse")


class FaultProxy:
    """Listens on a loopback port and passes bytes to `port`, until it decides not to.

    Each connection is given one fault and a number of bytes after which it strikes. With
    `faulty` false all connections are passed as they are. `struck` counts faults by kind.
    """

    def __init__(self, port: int, random: Random) -> None:
        self._target, self._random = port, random
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self.faulty = True
        self.shut = False
        """Nobody is let through at all while this is true."""
        self.struck: Counter[str] = Counter()
        self._closing = False
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            self._start(self._pass, client)

    def _pass(self, client: socket.socket) -> None:
        if self.shut:
            client.close()
            return
        kind = self._random.choice(KINDS) if self.faulty else "none"
        after_bytes = int(self._random.expovariate(1 / 60_000))
        with client, contextlib.suppress(OSError):
            if kind == "refuse":
                self.struck[kind] += 1
                return
            with socket.create_connection(("127.0.0.1", self._target), 2) as broker:
                self._relay(client, broker, kind, after_bytes)

    def _relay(self, client: socket.socket, broker: socket.socket, kind: str, left: int) -> None:
        others = {client: broker, broker: client}
        while not (self._closing or self.shut) and (self.faulty or kind == "none"):
            for source in select.select(list(others), [], [], 0.1)[0]:
                data = source.recv(65_536)
                if not data:
                    return
                left -= len(data)
                if kind != "none" and left < 0:
                    self.struck[kind] += 1
                    if not self._strike(kind, data, source, others[source]):
                        return
                    left = 60_000
                else:
                    others[source].sendall(data)

    def _strike(self, kind: str, data: bytes, source: socket.socket, to: socket.socket) -> bool:
        """Spoil this chunk; whether the connection goes on."""
        if kind == "delay":
            time.sleep(self._random.uniform(0.01, 0.4))
            to.sendall(data)
            return True
        if kind == "halve":
            to.sendall(data[: len(data) // 2])
        elif kind == "reset":
            for end in (source, to):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif kind == "black-hole":
            end_s = time.monotonic() + 3
            while time.monotonic() < end_s and self.faulty and not self._closing:
                time.sleep(0.05)
        return False

    def close(self) -> None:
        self._closing = True
        for thread in list(self._threads):
            thread.join(5)
        self._server.close()
