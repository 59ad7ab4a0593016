"""Brokers for which MQTT is one protocol of several, as Debian has them: RabbitMQ and NATS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.diagnostics.services import broker as examined
from edge.outbox.outbox import Outbox
from edge.publish.forget import forget
from tests.hub.cluster import Cluster
from tests.publish.support import (
    Subscriber,
    config_for,
    counts,
    drive,
    free_port,
    make_publisher,
    wait_for,
)

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
WINDOWS = 200
CONFIG = """
listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.allow_anonymous = true
"""


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A node of its own with the plugin; its port."""
    epmd = shutil.which("epmd")
    if not (SERVER.exists() and epmd):
        pytest.skip("rabbitmq-server is not installed (apt install rabbitmq-server)")
    folder, port, names = tmp_path_factory.mktemp("rabbit"), free_port(), free_port()
    (folder / "rabbitmq.conf").write_text(CONFIG.format(port=port))
    (folder / "plugins").write_text("[rabbitmq_mqtt].\n")
    environment = os.environ | {
        "HOME": str(folder), "ERL_EPMD_PORT": str(names), "RABBITMQ_NODENAME": "test@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()), "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        # Else it starts a daemon that outlives it.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false",
    }  # fmt: skip
    with (folder / "out").open("wb") as out:
        daemon = subprocess.Popen([epmd, "-port", str(names), "-address", "127.0.0.1"])
        server = subprocess.Popen([SERVER], env=environment, stdout=out, stderr=out,
                                  start_new_session=True)  # fmt: skip
        try:
            wanted = f":{port:04X} 00000000:0000 0A"
            tcp = Path("/proc/net/tcp")
            wait_for(lambda: wanted in tcp.read_text(), 120, (folder / "out").read_text())
            yield port
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            daemon.terminate()
            daemon.wait()


def works_at(port: int, folder: Path, outbox: Outbox) -> None:
    """Windows in order, one retained, a request answered, doctor content, and all forgotten."""
    for minute in range(WINDOWS):
        outbox.append(counts(minute))
    config = config_for(folder, port)
    heard = Subscriber(port, "agender/#")
    publisher = make_publisher(config)
    drive(publisher, lambda: len(heard.of("/counts")) >= WINDOWS, 60)
    assert [window["seq"] for window in heard.of("/counts")] == list(range(1, WINDOWS + 1))
    heard.send("agender/v2/shop/door/request/identify", "{}")
    drive(publisher, lambda: bool(heard.of("/response/identify")))
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    late = Subscriber(port, "agender/v2/shop/door/availability")
    wait_for(lambda: late.of("/availability") == ["stopped"], 10, "what is retained")
    assert [finding.state for finding in examined(config)] == ["good"]
    assert forget(config) == 0


@pytest.mark.slow
def test_rabbitmq(rabbit: int, tmp_path: Path, outbox: Outbox) -> None:
    """With its MQTT plugin, which speaks 3.1.1 and makes routing keys of topics."""
    works_at(rabbit, tmp_path, outbox)


@pytest.mark.slow
def test_nats(tmp_path: Path, outbox: Outbox) -> None:
    """With JetStream and MQTT, which speaks 3.1.1 and makes subjects of topics."""
    works_at(Cluster(tmp_path).mqtt[0], tmp_path, outbox)
