"""From a real broker into a real store, with everything between them killed at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from hub.ingest.batch import Batch
from hub.ingest.ingest import Ingestor
from hub.ingest.mqtt import MqttSource
from hub.ingest.settings import Settings
from hub.ingest.source import Message
from hub.message import Refused, Window
from hub.store import Store, open_store
from hub.store.base import UnfitError, Written
from hub.store.sqlite import SqliteStore
from tests.hub.support import TOPIC, Hub, Sender, lock, payload, seqs, stored, wait_until_stored
from tests.publish.support import (
    Broker,
    config_for,
    counts,
    drive,
    free_port,
    make_publisher,
    wait_for,
)


def test_what_devices_publish_is_stored_and_a_signal_ends_it_cleanly(
    tmp_path: Path, broker: Broker, sender: Sender, address: str
) -> None:
    hub = Hub(tmp_path, broker.port, address).listens()
    sender.windows([0, 1, 2, 1])
    sender.send(b"\0no window")
    sender.windows([3])
    wait_until_stored(address, range(4))
    assert hub.end() == 0
    assert "ended: 4 windows stored" in hub.log
    with closing(open_store(address, reading=True)) as store:
        rows = store.ask("SELECT topic, size FROM refusals", {})
    assert rows == [{"topic": TOPIC, "size": 10}]


def test_a_real_device_is_heard(tmp_path: Path, broker: Broker) -> None:
    """Its own publisher, from its own outbox; what is no window is none of the hub's business."""
    address = str(tmp_path / "hub.sqlite3")
    hub = Hub(tmp_path, broker.port, address).listens()
    with closing(Outbox(tmp_path / FILE_NAME)) as outbox:
        for minute in range(5):
            outbox.append(counts(minute))
        numbers = [one.seq for one in outbox.peek(9)]
        publisher = make_publisher(config_for(tmp_path, broker.port))
        drive(publisher, lambda: outbox.depth() == 0)
        publisher.connection.close()
    wait_until_stored(address, numbers)
    assert hub.end() == 0
    assert "ended: 5 windows stored, 0 repeats, 0 refused" in hub.log


def test_windows_wait_at_the_broker_while_the_hub_is_away(
    tmp_path: Path, broker: Broker, sender: Sender
) -> None:
    """The broker keeps the hub's session, over its own end too."""
    address = str(tmp_path / "hub.sqlite3")
    assert Hub(tmp_path, broker.port, address).listens().end() == 0
    sender.windows(range(150))
    sender.arrived()
    broker.stop()
    broker.start()
    Hub(tmp_path, broker.port, address)
    wait_until_stored(address, range(150))


def test_nothing_is_acknowledged_before_it_is_stored(
    tmp_path: Path, broker: Broker, sender: Sender
) -> None:
    """A hub killed with windows in its memory has lost none of them: the broker has them still."""
    address = str(tmp_path / "hub.sqlite3")
    hub = Hub(tmp_path, broker.port, address).listens()
    holder = lock(address)
    sender.windows(range(30))
    sender.arrived()
    wait_for(lambda: "windows wait at the broker" in hub.log, 30, "the store is away")
    hub.kill()
    holder.close()
    assert stored(address) == []
    Hub(tmp_path, broker.port, address)
    wait_until_stored(address, range(30))


@pytest.mark.slow
def test_two_under_one_client_id_are_told_of_each_other_and_lose_nothing(
    tmp_path: Path, broker: Broker, sender: Sender
) -> None:
    """mosquitto 2.0 closes the older connection without a reason."""
    address = str(tmp_path / "hub.sqlite3")
    first = Hub(tmp_path, broker.port, address).listens()
    second = Hub(tmp_path, broker.port, address).listens()
    sender.windows(range(50))
    wait_for(lambda: "--client-id of its own" in first.log + second.log, 30, "a hint")
    wait_until_stored(address, range(50))


def test_a_broker_that_refuses_the_password_ends_it_with_a_sentence(tmp_path: Path) -> None:
    broker = Broker(tmp_path, anonymous=False)
    hub = Hub(tmp_path, broker.port, str(tmp_path / "hub.sqlite3"))
    assert hub.process.wait(20) == 3
    assert f"broker 127.0.0.1:{broker.port} refuses: Not authorized" in hub.log


def test_a_broker_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    hub = Hub(tmp_path, free_port(), str(tmp_path / "hub.sqlite3"))
    wait_for(lambda: "can't be reached" in hub.log, 20, "a sentence")
    assert hub.end() == 0
    assert hub.log.count("can't be reached") == 1


def test_huge_messages_stop_nothing(tmp_path: Path, broker: Broker, sender: Sender) -> None:
    """One that no window can be as long as stays with the broker; a shorter one is refused."""
    address = str(tmp_path / "hub.sqlite3")
    Hub(tmp_path, broker.port, address).listens()
    sender.send(b"x" * 2_000_000)
    sender.send(b"x" * 200_000)
    sender.windows([0])
    wait_until_stored(address, [0])
    with closing(open_store(address, reading=True)) as store:
        assert [row["size"] for row in store.ask("SELECT size FROM refusals", {})] == [200_000]


@pytest.mark.slow
def test_a_broker_that_forgot_the_session_costs_nothing_that_came(tmp_path: Path) -> None:
    """Windows that wait for the store are kept, and their old numbers acknowledge no new ones."""
    broker, address = Broker(tmp_path), str(tmp_path / "hub.sqlite3")
    hub = Hub(tmp_path, broker.port, address).listens()
    holder = lock(address)
    sender = Sender(broker.port)
    sender.windows(range(5))
    wait_for(lambda: "windows wait at the broker" in hub.log, 30, "the store is away")
    broker.stop()
    broker.start()
    wait_for(lambda: hub.log.count("listening to") == 2, 30, "the new session")
    sender.windows(range(5, 10))
    sender.arrived()
    holder.close()
    wait_until_stored(address, range(10))
    sender.close()


class Particular(SqliteStore):
    """Can't hold one window and one message, as a database with rules of its own could not."""

    def write(self, windows: Sequence[Window], refused: Sequence[Refused], now_ms: int) -> Written:
        if any(one.counts.seq == 13 for one in windows) or any(one.size == 13 for one in refused):
            raise UnfitError("no thirteens here")
        return super().write(windows, refused, now_ms)


def test_a_window_that_the_store_cannot_hold_is_set_aside_alone(
    tmp_path: Path, broker: Broker, sender: Sender
) -> None:
    settings = Settings(host="127.0.0.1", port=broker.port)
    with (
        closing(Particular(str(tmp_path / "hub.sqlite3"))) as store,
        closing(Ingestor(settings, store, MqttSource)) as ingestor,
    ):
        turn_until(ingestor, store, 0)
        sender.send(b"x" * 13)
        sender.windows(range(20))
        turn_until(ingestor, store, 19)
        assert seqs(store) == [seq for seq in range(20) if seq != 13]
        rows = store.ask("SELECT reason, size FROM refusals", {})
        assert rows == [{"reason": "store: no thirteens here", "size": len(payload(13))}]


def turn_until(ingestor: Ingestor, store: Store, windows: int) -> None:
    """Turn the ingestor until it listens and the store holds so many windows."""

    def done() -> bool:
        ingestor.turn()
        return ingestor.listens and len(seqs(store)) >= windows

    wait_for(done, 20, f"{windows} windows")


def message(seq: int, connection: int, number: int) -> Message:
    return Message(TOPIC, payload(seq), connection, number)


def test_a_message_is_acknowledged_on_the_connection_that_brought_it_only(
    monkeypatch: pytest.MonkeyPatch, broker: Broker
) -> None:
    """A broker that lost its session gives the same number to another window."""
    with closing(MqttSource(Settings(host="127.0.0.1", port=broker.port), lambda _: None)) as link:
        wait_for(lambda: link.turn(0.05) or link.listens, 10, "a connection")
        sent: list[int] = []
        monkeypatch.setattr(link._client, "ack", lambda mid, qos: sent.append(mid))
        link.acknowledge([message(0, link.connection - 1, 7), message(1, link.connection, 8)])
        assert sent == [8]


def test_what_comes_again_while_it_waits_is_held_once() -> None:
    """With the numbers of the newest connection, all of which the broker waits for."""
    batch = Batch()
    for one in (message(0, 1, 5), message(0, 2, 1), message(0, 2, 2), message(1, 2, 3)):
        batch.take(one)
    assert [[m.number for m in taken.messages] for taken in batch] == [[1, 2], [3]]
