"""Brokers with limits: each is kept to on both versions of MQTT, and every window arrives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.tables import Config
from edge.outbox.outbox import Outbox
from edge.publish.device_info import SHED, describe, shortened
from edge.publish.message import Message
from edge.publish.packet_limit import LONGEST, PacketLimit, packet_bytes
from edge.publish.publisher import Publisher
from edge.publish.send_quota import SendQuota
from tests.publish.limited import LimitedBroker
from tests.publish.support import Broker, Subscriber, back_log, config_for, drive, make_publisher

WINDOWS = 25


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Vision's end of the outbox, with a back-log."""
    with back_log(tmp_path, WINDOWS) as opened:
        yield opened


def waiting_later(publisher: Publisher, outbox: Outbox) -> int | None:
    """How many windows wait when the publisher has had time to send some."""
    for _ in range(3):
        publisher.step(publisher._now_s + 1)
    return outbox.depth()


@pytest.mark.parametrize(
    ("limits", "settings"),
    [
        pytest.param({"receive_maximum": 1}, {}, id="1 at once"),
        pytest.param({"receive_maximum": 3}, {}, id="3 at once"),
        pytest.param({"receive_maximum": 10}, {}, id="10 at once"),
        pytest.param({"receive_maximum": 10}, {"max_in_flight": 64}, id="10 at once, not 64"),
        pytest.param({"receive_maximum": 8}, {"protocol": "3.1.1"}, id="3.1.1, 8 at once"),
        pytest.param(
            {"receive_maximum": 1}, {"protocol": "3.1.1", "max_in_flight": 1}, id="3.1.1, 1 at once"
        ),
    ],
)
def test_no_more_is_under_way_than_the_broker_takes(
    tmp_path: Path, outbox: Outbox, limits: dict, settings: dict
) -> None:
    """Windows, availability, info and discovery share one quota: one connection delivers all."""
    broker = LimitedBroker(tmp_path, ack_s=0.02, **limits)
    publisher = make_publisher(config_for(tmp_path, broker.port, **settings))
    drive(publisher, publisher.delivery.is_done)
    assert "DISCONNECT" not in broker.log
    assert publisher.connection.connects == 1
    assert len(broker.heard("/counts")) == WINDOWS
    first = [heard.topic.rsplit("/", 1)[1] for heard in broker.heard() if heard.qos][:4]
    assert first == ["availability", "info", "config", "counts"]
    publisher.connection.close()


def test_answers_wait_for_their_turn(tmp_path: Path, outbox: Outbox) -> None:
    """A burst of messages of QoS 1 is sent as the broker allows, in order, and none is lost."""
    broker = LimitedBroker(tmp_path, receive_maximum=2, ack_s=0.02)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: publisher.connection.up)
    for number in range(12):
        topic = f"{publisher.topics.base}/response/test-{number}"
        assert publisher.connection.publish(Message(topic, b"{}")) is not None
    assert publisher.connection.room() == 0
    drive(publisher, publisher.delivery.is_done)
    heard = [h.topic.rsplit("-", 1)[1] for h in broker.heard() if "/response/" in h.topic]
    assert heard == [str(number) for number in range(12)]
    assert "DISCONNECT" not in broker.log
    publisher.connection.close()


def test_silence_over_anything_ends_the_connection(tmp_path: Path, outbox: Outbox) -> None:
    """A broker that acknowledges nothing is given up even where no window is under way."""
    broker = LimitedBroker(tmp_path, receive_maximum=1, ack_s=60)
    publisher = make_publisher(config_for(tmp_path, broker.port, timeout_s=0.3))
    drive(publisher, lambda: publisher.connection.connects == 2)
    assert not broker.heard("/counts")
    publisher.connection.close()


@pytest.mark.parametrize(
    ("max_packet", "given_up"),
    [
        (128 * 1024, ()),
        (26_000, SHED[:1]),
        (16_000, SHED[:2]),
        (10_000, ("discovery", *SHED[:2])),
        (2_340, ("discovery", *SHED)),
    ],
)
@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
def test_info_is_shortened_to_what_the_broker_takes(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture, *, max_packet: int,
    given_up: tuple[str, ...], protocol: str,
) -> None:  # fmt: skip
    """Announced or learned from closed connections, the longest packet is kept to; none is lost."""
    caplog.set_level(logging.WARNING)
    broker = LimitedBroker(tmp_path, max_packet=max_packet)
    publisher = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
    drive(publisher, publisher.delivery.is_done, 30)
    drive(publisher, lambda: bool(broker.heard("/info")))
    said = [r.getMessage() for r in caplog.records if r.getMessage().startswith("given up")]
    wanted = [f"given up for this broker: {', '.join(given_up)}"] if given_up else []
    assert said[-1:] == wanted
    assert broker.heard("/info")[-1].size + 5 <= max_packet
    assert len(broker.heard("/counts")) == WINDOWS
    if protocol == "auto":
        assert publisher.connection.connects == 1
        assert "DISCONNECT" not in broker.log
    publisher.connection.close()


def test_a_window_longer_than_a_packet_is_kept_and_said_once(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Where not even a window fits, it waits, and the log says so once instead of in a loop."""
    broker = LimitedBroker(tmp_path, max_packet=1_500)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: publisher.connection.up)
    assert waiting_later(publisher, outbox) == WINDOWS
    assert caplog.text.count("counts: ") == 1
    assert "DISCONNECT" not in broker.log
    publisher.connection.close()


def test_mosquitto_keeps_info_short_too(tmp_path: Path, outbox: Outbox) -> None:
    """A real broker with a limit: what it retains is the shortened info, and says what is gone."""
    broker = Broker(tmp_path, "max_packet_size 16000")
    listening = Subscriber(broker.port)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: len(listening.of("/counts")) == WINDOWS)
    [info] = listening.of("/info")
    assert info["given_up"] == list(SHED[:2])
    assert info["config_schema"] is info["counts_schema"] is None
    assert info["config"]["device"]["name"] == "door"
    publisher.connection.close()


@given(st.integers(0, 60_000))
def test_info_has_every_key_however_short(room: int) -> None:
    """Of any room as much is used as whole keys allow, and what is null is named."""
    whole = describe(Config(), None, 0.0)
    short = shortened(whole, room)
    fits = len(msgspec.json.encode(short)) <= room
    assert fits or short.given_up == SHED
    for key in SHED:
        assert (getattr(short, key) is None) == (key in short.given_up)


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=200))
def test_the_quota_counts_what_is_unanswered(most: int, steps: list[bool]) -> None:
    """Room is what is left of the quota, never below 0, whatever order answers come in."""
    quota, under_way = SendQuota(most), []
    for number, sends in enumerate(steps):
        if sends or not under_way:
            quota.sent(number, 10 + number, number)
            under_way.append(number)
        else:
            answered = under_way.pop(number % len(under_way))
            assert quota.answered(answered, number) == 10 + answered
        assert quota.room() == max(most - len(under_way), 0)
    assert quota.is_stuck(len(steps) + 100, 50) == bool(under_way)


def test_what_was_once_acknowledged_is_never_suspected() -> None:
    """A line that breaks often must not shorten info that the broker is known to take."""
    limit = PacketLimit()
    limit.connected(LONGEST)
    limit.acknowledged(30_000)
    for _ in range(10):
        limit.lost(30_000, too_large=False)
    assert limit.room("") > 30_000
    limit.lost(30_001, too_large=False)
    assert limit.room("") > 30_001
    limit.lost(30_001, too_large=False)
    assert packet_bytes(Message("", b"x" * limit.room(""))) == 30_000


def test_a_broker_that_retains_nothing_is_lived_with(tmp_path: Path, outbox: Outbox) -> None:
    """It refuses the will at first; then nothing is retained, and every window arrives."""
    broker = LimitedBroker(tmp_path, retain_available=0)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, publisher.delivery.is_done)
    assert len(broker.heard("/counts")) == WINDOWS
    assert not any(heard.retain for heard in broker.heard())
    assert broker.log.count("CONNACK 0x9a") == 1
    assert "DISCONNECT" not in broker.log
    # Home Assistant must hear of the entities first, and then that they are there.
    names = [heard.topic.rsplit("/", 1)[1] for heard in broker.heard()]
    assert names.index("config") < len(names) - 1 - names[::-1].index("availability")
    publisher.connection.close()


def test_without_qos_1_windows_are_kept(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody asked to lose some: all but windows goes out, and the log names the choice."""
    broker = LimitedBroker(tmp_path, max_qos=0)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: bool(broker.heard("/config") and broker.heard("/health")))
    assert waiting_later(publisher, outbox) == WINDOWS
    assert not broker.heard("/counts")
    assert caplog.text.count("accept that by mqtt.qos = 0") == 1
    assert "DISCONNECT" not in broker.log
    publisher.connection.close()


@pytest.mark.parametrize("limits", [{"max_qos": 0}, {}])
def test_qos_0_is_taken_where_it_is_asked_for(tmp_path: Path, outbox: Outbox, limits: dict) -> None:
    """Then everything goes out at QoS 0, each window once, and the clean end waits for nothing."""
    broker = LimitedBroker(tmp_path, **limits)
    publisher = make_publisher(config_for(tmp_path, broker.port, qos=0))
    drive(publisher, publisher.delivery.is_done)
    drive(publisher, lambda: len(broker.heard("/counts")) == WINDOWS)
    publisher.say_stopped()
    assert publisher.stopped_is_known()
    assert not any(heard.qos for heard in broker.heard())
    assert "DISCONNECT" not in broker.log
    publisher.connection.close()


@pytest.mark.parametrize(
    ("line", "changes", "given_up"),
    [
        ("retain_available false", {}, ["retain"]),
        ("max_qos 0", {"qos": 0}, ["qos_1"]),
        ("max_keepalive 100", {"retain": "off"}, ["retain"]),
        ("max_keepalive 100", {}, []),
    ],
)
def test_info_says_what_is_given_up_at_mosquitto(
    tmp_path: Path, outbox: Outbox, line: str, changes: dict, given_up: list
) -> None:
    """A real broker with that limit, or a wish of the configuration: windows come, info says so."""
    broker = Broker(tmp_path, line)
    listening = Subscriber(broker.port, qos=0 if "qos" in line else 1)
    publisher = make_publisher(config_for(tmp_path, broker.port, **changes))
    drive(publisher, lambda: len(listening.of("/counts")) == WINDOWS)
    assert listening.of("/info")[-1]["given_up"] == given_up
    assert [window["seq"] for window in listening.of("/counts")] == list(range(1, WINDOWS + 1))
    publisher.connection.close()


@pytest.mark.parametrize(
    ("wish", "name"), [("", "agender.shop.door"), ("arn:thing/door-7", "arn:thing/door-7")]
)
def test_the_client_id_is_the_devices_own_or_as_prescribed(
    tmp_path: Path, outbox: Outbox, wish: str, name: str
) -> None:
    """The broker is told the configured id, and another that is unique for site and device."""
    broker = LimitedBroker(tmp_path)
    publisher = make_publisher(config_for(tmp_path, broker.port, client_id=wish))
    drive(publisher, lambda: publisher.connection.up)
    assert f"CONNECT v5 {name} will" in broker.log
    publisher.connection.close()
