"""From a real NATS cluster into a store: what a device was acknowledged is stored, once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from hub.ingest.settings import Settings
from hub.ingest.source import Message
from tests.hub.cluster import Cluster
from tests.hub.support import Hub, Sender, lock, payload, wait_until_stored
from tests.publish.support import free_port, wait_for

nats = pytest.importorskip("nats", reason="nats-py is not installed (extra hub)")
jetstream = pytest.importorskip("hub.ingest.jetstream")


@pytest.fixture
def server(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
def sender(server: Cluster) -> Iterator[Sender]:
    publishing = Sender(server.mqtt[0])
    yield publishing
    publishing.close()


def waiting(address: str) -> int:
    """Messages that the stream of MQTT's messages holds."""

    async def ask() -> int:
        client = await nats.connect(address)
        state = (await client.jetstream().stream_info("$MQTT_msgs")).state
        await client.close()
        return int(state.messages)

    return asyncio.run(ask())


def hub_at(folder: Path, cluster: Cluster, store: str, *flags: str) -> Hub:
    return Hub(folder, 1, store, "--nats", cluster.nats, *flags)


def test_a_device_is_acknowledged_when_the_stream_holds_its_window(
    tmp_path: Path, server: Cluster, sender: Sender
) -> None:
    """So it is stored, though no hub ran; and leaves the stream when it is."""
    address = str(tmp_path / "hub.sqlite3")
    assert hub_at(tmp_path, server, address).listens().end() == 0
    sender.windows(range(40))
    sender.arrived()
    assert waiting(server.nats) == 40
    hub = hub_at(tmp_path, server, address)
    wait_until_stored(address, range(40))
    wait_for(lambda: waiting(server.nats) == 0, 20, "acknowledgements")
    assert hub.end() == 0
    assert "ended: 40 windows stored, 0 repeats" in hub.log


def test_a_hub_that_is_there_before_any_device_waits_for_the_stream(
    tmp_path: Path, server: Cluster
) -> None:
    address = str(tmp_path / "hub.sqlite3")
    hub = hub_at(tmp_path, server, address)
    wait_for(lambda: "has no stream $MQTT_msgs until a device connects" in hub.log, 20, "a word")
    sender = Sender(server.mqtt[0])
    hub.listens()
    sender.send(payload(0))
    wait_until_stored(address, [0])
    sender.close()


@pytest.mark.slow
def test_a_consumer_that_somebody_deleted_is_made_anew(
    tmp_path: Path, server: Cluster, sender: Sender
) -> None:
    """Without one the stream would keep nothing, and silence would look like no windows."""
    address = str(tmp_path / "hub.sqlite3")
    hub = hub_at(tmp_path, server, address).listens()

    async def delete() -> None:
        client = await nats.connect(server.nats)
        await client.jetstream().delete_consumer("$MQTT_msgs", "agender-hub")
        await client.close()

    asyncio.run(delete())
    wait_for(lambda: hub.log.count("listening to") == 2, 30, "a new consumer")
    sender.windows(range(5))
    wait_until_stored(address, range(5))
    assert hub.end() == 0


@pytest.mark.slow
def test_while_the_store_is_away_the_rest_stays_in_the_stream(
    tmp_path: Path, server: Cluster, sender: Sender
) -> None:
    """What NATS hands out again meanwhile is stored once."""
    address = str(tmp_path / "hub.sqlite3")
    hub = hub_at(tmp_path, server, address, "--ack-wait-s", "1", "--batch-windows", "20").listens()
    holder = lock(address)
    sender.windows(range(200))
    sender.arrived()
    wait_for(lambda: "windows wait at the broker" in hub.log, 30, "the store is away")
    assert waiting(server.nats) == 200
    holder.close()
    wait_until_stored(address, range(200))
    assert hub.end() == 0


@pytest.mark.slow
def test_ingestors_of_one_consumer_killed_at_any_moment_store_every_window_once(
    tmp_path: Path, server: Cluster, sender: Sender, database: str
) -> None:
    """What the killed one held comes again when NATS has waited for its acknowledgement."""
    first = hub_at(tmp_path, server, database, "--ack-wait-s", "2").listens()
    second = hub_at(tmp_path, server, database).listens()
    sending = Thread(target=sender.windows, args=(range(400), 0.003))
    sending.start()
    sending.join(0.4)
    first.kill()
    sending.join()
    sender.arrived()
    wait_until_stored(database, range(400))
    assert second.end() == 0


@pytest.mark.slow
def test_a_cluster_of_three_loses_nothing_when_any_node_is_killed(
    tmp_path: Path, database: str
) -> None:
    """The node of the device's connection stays; the two that the hub knows are killed in turn."""
    cluster = Cluster(tmp_path, 3)
    sender = Sender(cluster.mqtt[0])
    others = cluster.nats.partition(",")[2]
    hub = Hub(tmp_path, 1, database, "--nats", others, "--ack-wait-s", "2").listens()
    sending = Thread(target=sender.windows, args=(range(300), 0.01))
    sending.start()
    for node in (1, 2):
        sending.join(0.8)
        cluster.kill(node)
        sending.join(0.8)
        cluster.start(node)
    sending.join()
    sender.arrived()
    wait_until_stored(database, range(300))
    assert hub.log.count("listening to") > 1
    assert hub.end() == 0
    sender.close()


def test_a_cluster_that_refuses_the_login_ends_it_with_a_sentence(tmp_path: Path) -> None:
    login = 'authorization { users: [ {user: "a", password: "b"} ] }'
    server = Cluster(tmp_path, login=login)
    hub = hub_at(tmp_path, server, str(tmp_path / "hub.sqlite3"))
    assert hub.process.wait(20) == 3
    assert "refuses: nats: 'Authorization Violation'" in hub.log


def test_a_cluster_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    store, port = str(tmp_path / "hub.sqlite3"), free_port()
    hub = Hub(tmp_path, 1, store, "--nats", f"nats://127.0.0.1:{port}")
    wait_for(lambda: f"NATS 127.0.0.1:{port}:" in hub.log, 20, "a sentence")
    assert hub.end() == 0


@pytest.mark.parametrize("timeout_s", [0.0005, 0.001, 0.005])
def test_nothing_that_came_in_time_is_no_trouble(
    server: Cluster, sender: Sender, caplog: pytest.LogCaptureFixture, timeout_s: float
) -> None:
    """However short the wait: a connection made anew takes no acknowledgement of the old one's."""
    sender.arrived()
    caplog.set_level("INFO", "hub")
    with closing(jetstream.JetStreamSource(Settings(nats=(server.nats,)), print)) as source:
        wait_for(lambda: source.turn(0.05) or source.listens, 20, "a consumer")
        for _ in range(200):
            source.turn(timeout_s)
    assert caplog.text.count("listening to") == 1
    assert "trying again" not in caplog.text


def test_a_message_of_an_earlier_connection_is_not_acknowledged(server: Cluster) -> None:
    """A stream that was made anew gives its number to another window."""
    Sender(server.mqtt[0]).arrived()
    settings = Settings(nats=(server.nats,))
    came: list[Message] = []
    with closing(jetstream.JetStreamSource(settings, came.append)) as source:
        wait_for(lambda: source.turn(0.05) or source.listens, 20, "a consumer")
        Sender(server.mqtt[0], "other").send(payload(0))
        wait_for(lambda: source.turn(0.05) or bool(came), 20, "a message")
        source.acknowledge([came[0]._replace(connection=came[0].connection - 1)])
        assert waiting(server.nats) == 1
        source.acknowledge(came)
        wait_for(lambda: source.turn(0.05) or waiting(server.nats) == 0, 20, "its going")


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("$MQTT.msgs.agender.v2.shop.door.counts", "agender/v2/shop/door/counts"),
        ("$MQTT.msgs.agender.v2.shop//1.door.counts", "agender/v2/shop.1/door/counts"),
    ],
)
def test_a_subject_is_the_topic_that_it_was(subject: str, topic: str) -> None:
    assert jetstream.topic_of(subject) == topic
