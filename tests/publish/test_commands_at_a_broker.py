"""Requests over a real broker: answered there, bounded, and turned off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.config.commands import Commands as CommandSettings
from edge.messages.live import Answer, Order, PublisherSocket, VisionSocket
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.own_status import memory_mb
from edge.publish.publisher import Publisher
from edge.publish.service import turn
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)

BASE = "agender/v2/shop/door"


@pytest.fixture
def publisher(broker: Broker, tmp_path: Path) -> Iterator[tuple[Publisher, VisionSocket]]:
    """A connected publisher and vision's end of the live."""
    with (
        Outbox(tmp_path / FILE_NAME) as outbox,
        VisionSocket(tmp_path) as vision,
        PublisherSocket(tmp_path) as live,
    ):
        outbox.append(counts())
        made = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(made, lambda: made.connection.up and made.delivery.is_done())
        yield made, vision
        made.connection.close()


def test_a_request_over_the_broker_is_answered_there(
    publisher: tuple[Publisher, VisionSocket], subscriber: Subscriber
) -> None:
    """The whole way: request topic → order → vision's answer → response topic."""
    made, vision = publisher
    subscriber.send(f"{BASE}/request/pause", b'{"transaction":"a"}')
    heard: list[Order] = []
    drive(made, lambda: bool(heard.extend(vision.receive()) or heard))
    vision.send(Answer(id=heard[0].id))
    drive(made, lambda: bool(subscriber.of("response/pause")))
    assert subscriber.of("response/pause")[0]["transaction"] == "a"
    for verb in ("identify", "snapshot-health", "outbox"):
        subscriber.send(f"{BASE}/request/{verb}", b'{"transaction":"b"}')
        drive(made, lambda verb=verb: bool(subscriber.of(f"response/{verb}")))
        assert subscriber.of(f"response/{verb}")[0]["status"] == "ok"
    assert subscriber.of("response/outbox")[0]["result"]["depth"] == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_huge_payload_is_never_held_in_memory(
    broker: Broker, tmp_path: Path, protocol: str
) -> None:
    """Ten megabytes, retained on a request topic, cost neither memory nor delivery."""
    hostile = Subscriber(broker.port, "none")
    hostile.send(f"{BASE}/request/pause", b"{" * 10_000_000, retain=True)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        made = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
        before_mb = memory_mb()
        drive(made, lambda: made.connection.up and made.delivery.is_done())
        for _ in range(20):
            hostile.send(f"{BASE}/request/window", b"[" * 1_000_000)
        outbox.append(counts())
        drive(made, lambda: made.connection.up and made.delivery.is_done())
        assert memory_mb() - before_mb < 8
        made.connection.close()
    hostile.close()


def test_hostile_topics_and_payloads_change_nothing(
    publisher: tuple[Publisher, VisionSocket], subscriber: Subscriber
) -> None:
    """Odd verbs, control characters and a flood: no order, no crash, delivery goes on."""
    made, vision = publisher
    for verb in ("../../etc", "PAUSE", "pause ", "é", "a" * 500, "$SYS"):
        subscriber.send(f"{BASE}/request/{verb.replace('/', '_')}", b"{}")
    for size in (0, 1, 1000, 5000, 12_000):
        subscriber.send(f"{BASE}/request/pause", b"\x00\xff" * size, retain=False)
    for _ in range(200):
        subscriber.client.publish(f"{BASE}/request/window", b'{"length_s":-1}', qos=1)
    subscriber.send(f"{BASE}/request/done", b"{}")
    drive(made, lambda: made.commands.refused >= 200)
    # The empty payload is a right request: the one order that may have come.
    assert {order.verb for order in vision.receive()} <= {"pause"}
    assert made.connection.up
    wait_for(lambda: bool(subscriber.of("response/invalid")), 5, "an answer to odd verbs")


def test_commands_can_be_turned_off(broker: Broker, tmp_path: Path, subscriber: Subscriber) -> None:
    """With commands.enabled = false the device listens to nothing, and says so in `info`."""
    settings = config_for(tmp_path, broker.port)
    off = msgspec.structs.replace(settings, commands=CommandSettings(enabled=False))
    Outbox(tmp_path / FILE_NAME).close()
    made = make_publisher(off)
    drive(made, lambda: bool(subscriber.of("/info")))
    subscriber.send(f"{BASE}/request/identify", b"{}")
    for _ in range(5):
        turn(made, None)
    assert subscriber.of("response/identify") == []
    assert subscriber.of("/info")[0]["commands"] is False
    drive(made, lambda: bool(subscriber.of("/config")))
    assert "pause" not in subscriber.of("/config")[0]["components"]
    made.connection.close()
