"""A broker of before MQTT 5, which mosquitto is none of any more."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class OldBroker:
    """A door in front of a broker that knows nothing newer than MQTT 3.1.1.

    It looks at the version in CONNECT (byte 9 of MQTT 3.1.1, section 3.1.2.2) and answers a newer
    one as its `manner` is: it refuses (return code 1), closes, or keeps silent (as amqtt does); or
    it refuses, and takes its time with an older one (as NATS does with TLS).
    """

    def __init__(self, port: int, manner: str) -> None:
        self._target, self._manner, self._closing = port, manner, False
        self.turned_away = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                client, _ = self._server.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            first = client.recv(65_536)
            name = first.index(b"MQTT")
            if first[name + 4] > 4:
                self.turned_away += 1
                if self._manner.startswith("refuses"):
                    client.sendall(b"\x20\x02\x00\x01")
                elif self._manner == "keeps silent":
                    client.recv(1)
                return
            if self._manner == "refuses, else slow":
                time.sleep(0.3)
            with socket.create_connection(("127.0.0.1", self._target)) as broker:
                broker.sendall(first)
                back = threading.Thread(target=self._pump, args=(broker, client), daemon=True)
                back.start()
                self._pump(client, broker)
                back.join()

    @staticmethod
    def _pump(source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing = True
        for thread in self._threads:
            thread.join(5)
        self._server.close()
