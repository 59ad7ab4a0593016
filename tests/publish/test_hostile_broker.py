"""A broker that means harm: what it can make the publisher keep, say and stop hearing."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.connection_failure import SHORT_LIVES
from edge.publish.own_status import memory_mb
from edge.publish.service import turn
from tests.publish.support import Broker, Subscriber, config_for, counts, drive, make_publisher

BASE = "agender/v2/shop/door"
CONNACK = b"\x20\x02\x00\x00"


def string(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def packet(kind: int, body: bytes, length: int | None = None) -> bytes:
    """A packet of MQTT 3.1.1; `length` may lie."""
    left, digits = len(body) if length is None else length, b""
    while True:
        left, digit = divmod(left, 128)
        digits += bytes([digit | (128 if left else 0)])
        if not left:
            return bytes([kind]) + digits + body


def publish(payload: bytes, qos: int, mid: int, length: int | None = None) -> bytes:
    topic = string(f"{BASE}/request/pause".encode())
    return packet(0x30 | qos << 1, topic + struct.pack(">H", mid) + payload, length)


class HostileBroker:
    """Accepts each connection, says yes, and then sends what it is told to."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.sent = self.connections = 0
        self._talk = talk
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ending:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            with peer:
                peer.settimeout(5)
                try:
                    peer.recv(4096)
                    peer.sendall(CONNACK)
                    self._talk(peer)
                except OSError:
                    continue

    def close(self) -> None:
        self._ending = True
        self.server.shutdown(socket.SHUT_RDWR)  # what waits for a connection ends
        self.server.close()
        self._thread.join(10)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Callable[..., tuple]]:
    """A publisher at a broker that talks in a certain way."""
    opened: list[HostileBroker] = []

    def make(talk: Callable[[socket.socket], None], **more: float):
        broker = HostileBroker(talk)
        opened.append(broker)
        Outbox(tmp_path / FILE_NAME).close()
        settings = config_for(tmp_path, broker.port, protocol="3.1.1", refused_retry_s=0.2,
                              **more)  # fmt: skip
        return broker, make_publisher(settings)

    yield make
    for broker in opened:
        broker.close()


def turned_for(publisher, seconds: float) -> float:
    """Turn the publisher's loop for a while; by how many MB it grew meanwhile."""
    before, end_s = memory_mb(), time.monotonic() + seconds
    while time.monotonic() < end_s:
        turn(publisher, None)
    return memory_mb() - before


def test_a_broker_that_acknowledges_nothing_is_given_up(
    hostile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that is alive, over which nothing comes, is no connection; no window is lost."""

    def talk(peer: socket.socket) -> None:
        while peer.recv(4096):
            pass

    broker, publisher = hostile(talk, timeout_s=0.5)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        drive(publisher, lambda: publisher.connection.up and broker.connections > 1, 4)
        assert "the broker acknowledges nothing" in caplog.text
        assert outbox.depth() == 1
    publisher.connection.close()


def test_messages_of_qos_2_are_refused(hostile, caplog: pytest.LogCaptureFixture) -> None:
    """Kept until they are released they made it 925 MB large in 20 s."""

    def talk(peer: socket.socket) -> None:
        for mid in range(1, 20_000):
            peer.sendall(publish(b"x" * 15_000, 2, mid))

    broker, publisher = hostile(talk)
    grown_mb = turned_for(publisher, 3.0)
    publisher.connection.close()
    assert grown_mb < 10
    assert broker.connections > 1
    said = [r.getMessage() for r in caplog.records if "QoS 2" in r.getMessage()]
    assert 1 <= len(said) <= broker.connections


def test_a_broker_that_sends_and_does_not_read_is_given_up(hostile) -> None:
    """Its acknowledgements would pile up here."""

    def talk(peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        many = b"".join(publish(b"{}", 1, mid) for mid in range(1, 1000))
        while True:
            peer.sendall(many)

    _, publisher = hostile(talk)
    grown_mb = turned_for(publisher, 4.0)
    publisher.connection.close()
    assert grown_mb < 15


@pytest.mark.parametrize("size", [17_000, 64_000, 5_000_000])
def test_a_pause_is_heard_behind_a_huge_message(
    hostile, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of it is thrown away, and the connection stays: it made us deaf for 600 s."""

    # Made before anything is measured: the broker is a thread of this process.
    packets = publish(b"{" * size, 1, 1) + publish(b'{"transaction":"a"}', 1, 2)

    def talk(peer: socket.socket) -> None:
        peer.sendall(packets)
        while peer.recv(65_536):
            pass

    broker, publisher = hostile(talk)
    heard: list[bytes] = []
    handle = publisher.commands.handle
    monkeypatch.setattr(
        publisher.commands, "handle",
        lambda verb, payload, **more: heard.append(payload) or handle(verb, payload, **more),
    )  # fmt: skip
    before = memory_mb()
    drive(publisher, lambda: len(heard) == 2)
    assert memory_mb() - before < 8
    assert heard[1] == b'{"transaction":"a"}'
    assert len(heard[0]) < 17_000
    assert publisher.commands.refused >= 1
    assert broker.connections == 1
    publisher.connection.close()


@pytest.mark.parametrize("seed", range(8))
def test_after_random_bytes_requests_are_heard_again_at_once(hostile, seed: int) -> None:
    """64 KB of anything end that connection, no more; the next one listens."""
    random = Random(seed)

    def talk(peer: socket.socket) -> None:
        if broker.connections == 1:
            peer.sendall(random.randbytes(64_000))
            time.sleep(0.3)
        else:
            subscribed.append(peer.recv(65_536))
            while peer.recv(65_536):
                pass

    subscribed: list[bytes] = []
    broker, publisher = hostile(talk)
    drive(publisher, lambda: any(b"/request/+" in data for data in subscribed), 10)
    publisher.connection.close()


def test_a_length_that_lies_is_given_up_with_the_connection(hostile) -> None:
    """256 MB are announced and never come: the keep-alive ends it, as for any silent broker."""

    def talk(peer: socket.socket) -> None:
        peer.sendall(publish(b"x", 1, 1, length=268_000_000))
        while peer.recv(65_536):
            pass

    broker, publisher = hostile(talk)
    assert turned_for(publisher, 1.0) < 5
    assert broker.connections == 1
    publisher.connection.close()


def test_garbage_of_any_kind_grows_nothing_and_says_little(
    hostile, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection a moment for as long as one likes, each with other nonsense."""

    def talk(peer: socket.socket) -> None:
        peer.sendall(os.urandom(2_000))
        time.sleep(0.02)

    caplog.set_level("INFO")
    broker, publisher = hostile(talk)
    grown_mb = turned_for(publisher, 4.0)
    publisher.connection.close()
    assert broker.connections > 5
    assert grown_mb < 8
    assert len(caplog.records) <= 2 * broker.connections


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_retained_huge_request_does_not_keep_the_next_from_being_heard(
    broker: Broker, subscriber: Subscriber, tmp_path: Path, protocol: str
) -> None:
    """At a real broker: left there by whoever may write requests, it comes at every connect."""
    subscriber.send(f"{BASE}/request/window", b"[" * 2_000_000, retain=True)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        subscriber.send(f"{BASE}/request/identify", b'{"transaction":"after"}')
        drive(publisher, lambda: bool(subscriber.of("response/identify")))
        assert publisher.connection.connects == 1
        publisher.connection.close()


def test_a_broker_that_keeps_closing_is_not_told_as_connected_each_time(
    hostile, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes every connection and ends it: that it did is said, not that it began."""
    caplog.set_level("INFO", "mqtt")
    broker, publisher = hostile(lambda _peer: None)
    turned_for(publisher, 2.0)
    publisher.connection.close()
    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith("connected to")]
    assert broker.connections > SHORT_LIVES
    assert len(told) == SHORT_LIVES
