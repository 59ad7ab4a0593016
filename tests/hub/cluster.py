"""A NATS cluster of the tests' own: servers with JetStream and MQTT on free loopback ports."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.publish.support import STARTED, free_port, wait_for

NATS = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")

CONFIG = """
server_name: n{number}
listen: 127.0.0.1:{client}
http: 127.0.0.1:{monitor}
jetstream {{ store_dir: "{folder}/n{number}" }}
mqtt {{ listen: 127.0.0.1:{mqtt}, stream_replicas: {size} }}
{login}
"""
ROUTES = """
cluster {{ name: tests, listen: 127.0.0.1:{cluster}, routes: [{routes}] }}
"""


class Cluster:
    """`size` servers; `nats` are their addresses for clients, `mqtt` their ports for devices."""

    def __init__(self, folder: Path, size: int = 1, login: str = "") -> None:
        if NATS is None:
            pytest.skip("NATS is not installed (apt install nats-server)")
        self._folder = folder
        ports = [[free_port() for _ in range(4)] for _ in range(size)]
        self._monitors = [monitor for _, monitor, _, _ in ports]
        self.mqtt = [port for _, _, port, _ in ports]
        self.nats = ",".join(f"nats://127.0.0.1:{client}" for client, _, _, _ in ports)
        routes = ", ".join(f'"nats://127.0.0.1:{cluster}"' for *_, cluster in ports)
        for number, (client, monitor, mqtt, cluster) in enumerate(ports):
            text = CONFIG.format(number=number, client=client, monitor=monitor, mqtt=mqtt,
                                 folder=folder, size=size, login=login)  # fmt: skip
            text += ROUTES.format(cluster=cluster, routes=routes) if size > 1 else ""
            self._file(number, "conf").write_text(text)
        self.processes = [self._spawn(number) for number in range(size)]
        STARTED.append(self.stop)
        wait_for(self._is_healthy, 40, "a cluster that has chosen its leader")

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].wait()

    def start(self, number: int) -> None:
        """Start a node again, until it serves; that it has caught up, NATS 2.9 may never say."""
        self.processes[number] = self._spawn(number)
        wait_for(lambda: _answer(self._monitors[number]) != b"", 20, "the node's return")

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _spawn(self, number: int) -> subprocess.Popen[bytes]:
        assert NATS is not None
        with self._file(number, "log").open("ab") as log:
            return subprocess.Popen(
                [NATS, "-c", str(self._file(number, "conf"))], stdout=log, stderr=log
            )

    def _is_healthy(self) -> bool:
        """Whether every server says so itself."""
        return all(b" 200 OK" in _answer(port) for port in self._monitors)

    def _file(self, number: int, ending: str) -> Path:
        return self._folder / f"nats-{number}.{ending}"


def _answer(port: int) -> bytes:
    """What a server says of its health; nothing where it is not there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as asked:
            asked.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return asked.recv(64)
    except OSError:
        return b""
