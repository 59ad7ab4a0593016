"""MQTT 5 first, 3.1.1 where the broker has nothing newer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge.outbox import FILE_NAME, Outbox
from edge.publish.versions import Versions
from tests.publish.support import Broker, Subscriber, config_for, counts, drive, make_publisher


class OldBroker:
    """A door in front of a broker that knows nothing newer than MQTT 3.1.1.

    It looks at the version in CONNECT (byte 9 of MQTT 3.1.1, section 3.1.2.2) and answers a newer
    one as its `manner` is: it refuses (return code 1), closes, or keeps silent (as amqtt does).
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
                if self._manner == "refuses":
                    client.sendall(b"\x20\x02\x00\x01")
                elif self._manner == "keeps silent":
                    client.recv(1)
                return
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


@pytest.fixture(params=["refuses", "closes", "keeps silent"])
def old_broker(broker: Broker, request: pytest.FixtureRequest) -> Iterator[OldBroker]:
    """A broker that speaks 3.1.1 only."""
    door = OldBroker(broker.port, request.param)
    yield door
    door.close()


def test_an_old_broker_is_spoken_to_in_its_own_version(
    old_broker: OldBroker, subscriber: Subscriber, tmp_path: Path
) -> None:
    """After the refusal of MQTT 5, a close or a silence, windows go out by 3.1.1."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(config_for(tmp_path, old_broker.port, timeout_s=1.0))
        drive(publisher, lambda: publisher.link.up and publisher.delivery.is_done())
        publisher.link.close()
    assert old_broker.turned_away == 1


def test_a_new_broker_is_spoken_to_in_mqtt_5(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where MQTT 5 is there it is used, since only it tells of refused topics."""
    caplog.set_level("INFO")
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: publisher.link.up)
    assert "MQTT 5" in caplog.text
    publisher.link.close()


def test_a_broker_in_trouble_does_not_cost_mqtt_5_for_good() -> None:
    """Two connections without an answer try 3.1.1, and the next after that begins with 5 again."""
    versions = Versions("auto")
    versions.worked()
    versions.unanswered()
    assert versions.current == mqtt.MQTTv5
    versions.unanswered()
    assert versions.current == mqtt.MQTTv311
    versions.worked()
    versions.lost()
    assert versions.current == mqtt.MQTTv5


def test_a_wished_version_is_kept() -> None:
    """mqtt.protocol = "3.1.1" or "5" is not second-guessed."""
    for wish, version in (("5", mqtt.MQTTv5), ("3.1.1", mqtt.MQTTv311)):
        versions = Versions(wish)
        for _ in range(5):
            versions.unanswered()
        assert not versions.refused()
        assert versions.current == version
