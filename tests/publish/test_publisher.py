"""The publisher at a real broker: birth and death, order, repeats, live state, refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.host.readings import memory_mb
from edge.messages.live import (
    Exposure,
    HealthNow,
    Hello,
    PublisherSocket,
    StateNow,
    VisionSocket,
)
from edge.messages.messages import ModelInfo
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.delivery import Delivery
from edge.publish.publisher import Publisher
from edge.publish.service import turn
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    health,
    make_publisher,
    state,
    wait_for,
)

BASE = "agender/v2/shop/door"


@pytest.fixture
def publisher(broker: Broker, tmp_path: Path, outbox: Outbox) -> Iterator[Publisher]:
    """A publisher for the outbox, not yet connected."""
    made = make_publisher(config_for(tmp_path, broker.port))
    yield made
    made.connection.close()


def test_every_connect_says_all_that_is_retained(
    broker: Broker, publisher: Publisher, subscriber: Subscriber
) -> None:
    """Birth, info, discovery and health come on the first connect and again on the next."""
    wanted = {f"{BASE}/{what}" for what in ("availability", "info", "health")}
    wanted.add("homeassistant/device/agender_shop_door/config")
    for _ in range(2):
        drive(publisher, lambda: wanted <= {topic for topic, _, _ in subscriber.heard})
        assert subscriber.of("availability")[-1] == "online"
        subscriber.heard.clear()
        publisher.connection.drop("for the test", publisher._now_s)
        wait_for(lambda: "offline" in subscriber.of("availability"), 5, "the will")
        subscriber.heard.clear()


def test_windows_arrive_in_order_and_leave_the_outbox(
    publisher: Publisher, subscriber: Subscriber, outbox: Outbox
) -> None:
    """A back-log arrives gapless and in order; nothing stays behind; each is JSON as designed."""
    for minute in range(300):
        outbox.append(counts(minute))
    drive(publisher, publisher.delivery.is_done)
    wait_for(lambda: len(subscriber.of("counts")) == 300, 5, "all windows")
    assert [c["seq"] for c in subscriber.of("counts")] == list(range(1, 301))
    assert outbox.depth() == 0


def test_a_back_log_does_not_starve_the_live_state(
    broker: Broker, tmp_path: Path, subscriber: Subscriber, outbox: Outbox
) -> None:
    """The state said while thousands of windows wait is heard long before the last of them."""
    for minute in range(3000):
        outbox._ring.append(counts(minute))
    outbox.flush()
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as live:
        publisher = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(publisher, lambda: publisher.connection.up)
        vision.send(StateNow(state=state(present=7)))
        drive(publisher, publisher.delivery.is_done, 60)
        wait_for(lambda: len(subscriber.of("counts")) == 3000, 10, "all windows")
        topics = [topic for topic, _, _ in subscriber.heard]
        assert topics.index(f"{BASE}/state") < topics.index(f"{BASE}/counts") + 200
        publisher.connection.close()


def test_state_is_thinned_to_changes_once_a_second(
    broker: Broker, tmp_path: Path, subscriber: Subscriber, outbox: Outbox
) -> None:
    """A hundred equal states are one message; the newest of many changes is the one retained."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as live:
        publisher = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(publisher, lambda: publisher.connection.up)
        for _ in range(10):
            for _ in range(10):
                vision.send(StateNow(state=state(present=1)))
            drive(publisher, lambda: not live.receive(1))
        vision.send(StateNow(state=state(present=1)))
        drive(publisher, lambda: len(subscriber.of("state")) == 1)
        for present in (2, 3, 4):
            vision.send(StateNow(state=state(present=present)))
        drive(publisher, lambda: len(subscriber.of("state")) == 2)
        assert [s["present"] for s in subscriber.of("state")] == [1, 4]
        publisher.connection.close()


def test_what_vision_says_of_itself_is_in_info_and_health(
    broker: Broker, tmp_path: Path, subscriber: Subscriber, outbox: Outbox
) -> None:
    """Models, boot and guarantees are vision's word; memory and outbox are the publisher's."""
    model = ModelInfo(name="far", task="detect", sha256="0" * 64, licence="MIT")
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as live:
        publisher = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(publisher, lambda: bool(subscriber.of("/info") and subscriber.of("/health")))
        assert subscriber.of("/info")[0]["boot"] is None
        assert subscriber.of("/health")[0]["vision_running"] is False
        found = Exposure(network=False, sockets=True, core_dumps=False, memory_limited=True)
        vision.send(Hello(boot="b7", camera_kind="picamera", models=(model,), exposure=found))
        vision.send(HealthNow(health=health(temperature_celsius=61.0)))
        drive(publisher, lambda: len(subscriber.of("/info")) == 2)
        drive(publisher, lambda: len(subscriber.of("/health")) == 2)
        publisher.connection.close()
    info, report = subscriber.of("/info")[-1], subscriber.of("/health")[-1]
    assert (info["boot"], info["models"][0]["name"]) == ("b7", "far")
    assert info["guarantees"]["vision_without_network"] is True
    assert (report["vision_running"], report["temperature_celsius"]) == (True, 61.0)
    assert report["publisher_memory_mb"] == pytest.approx(memory_mb(), rel=0.5)


def test_the_clean_end_is_stopped_and_not_offline(
    publisher: Publisher, subscriber: Subscriber
) -> None:
    """After a clean end the broker holds `stopped`, and the will is forgotten."""
    drive(publisher, lambda: publisher.connection.up)
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    wait_for(lambda: "stopped" in subscriber.of("availability"), 5, "stopped")
    assert "offline" not in subscriber.of("availability")


def test_a_broker_killed_and_restarted_gets_everything_again(
    broker: Broker, publisher: Publisher, outbox: Outbox, tmp_path: Path
) -> None:
    """A broker that lost its memory is told birth, info and discovery without anybody's help."""
    drive(publisher, lambda: publisher.connection.up)
    broker.kill()
    drive(publisher, lambda: not publisher.connection.up)
    for minute in range(5):
        outbox.append(counts(minute))
    broker.start()
    listening = Subscriber(broker.port)
    drive(publisher, lambda: publisher.delivery.is_done() and bool(listening.of("/config")))
    wait_for(lambda: len(listening.of("counts")) == 5, 5, "the windows")
    assert listening.of("availability") == ["online"]
    assert len(listening.of("/config")) == len(listening.of("/info")) == 1
    listening.close()


def test_a_second_client_under_the_same_id_is_named(
    broker: Broker, tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Two devices of one name throw each other out, and the log says what to change."""
    twins = [make_publisher(config_for(tmp_path, broker.port)) for _ in range(2)]
    for _ in range(400):
        for twin in twins:
            turn(twin, None)
        if "device.name must be unique" in caplog.text:
            break
    assert "device.name must be unique" in caplog.text
    for twin in twins:
        twin.connection.close()


def test_a_refused_window_stays_and_is_tried_again(outbox: Outbox) -> None:
    """A window that the broker refuses is neither lost nor repeated in a loop."""
    for minute in range(3):
        outbox.append(counts(minute))
    sent: list[int] = []
    delivery = Delivery(outbox, refused_retry_s=60)

    def send(payload: bytes) -> int:
        sent.append(msgspec.json.decode(payload)["seq"])
        return len(sent)

    delivery.fill(0.0, send, 8)
    delivery.answered(1, None, 0.1)
    delivery.answered(2, "not authorised", 0.1)
    delivery.answered(3, None, 0.1)
    delivery.fill(1.0, send, 8)
    assert (sent, outbox.depth()) == ([1, 2, 3], 2)
    delivery.fill(61.0, send, 8)
    assert sent == [1, 2, 3, 2, 3]


def test_only_a_handful_is_under_way(outbox: Outbox) -> None:
    """No more windows are sent than there is room for; each answer makes room for one."""
    for minute in range(20):
        outbox.append(counts(minute))
    delivery, sent = Delivery(outbox, refused_retry_s=60), []
    for room in (4, 0, 0, 1):
        delivery.fill(0.0, lambda payload: sent.append(payload) or len(sent), room)
    assert [msgspec.json.decode(payload)["seq"] for payload in sent] == [1, 2, 3, 4, 5]


def test_acknowledgements_out_of_order_keep_the_order(outbox: Outbox) -> None:
    """A window acknowledged before its elders waits for them: what is re-sent is one run."""
    for minute in range(3):
        outbox.append(counts(minute))
    ids: list[bytes] = []
    delivery = Delivery(outbox, refused_retry_s=60)
    delivery.fill(0, lambda payload: ids.append(payload) or len(ids), 8)
    delivery.answered(3, None, 0.1)
    delivery.answered(2, None, 0.1)
    assert delivery.left() == 3
    delivery.answered(1, None, 0.1)
    assert delivery.left() == 0


def test_an_outbox_made_anew_is_drained_without_a_restart(
    publisher: Publisher, subscriber: Subscriber, outbox: Outbox, tmp_path: Path
) -> None:
    """Somebody deletes the file: the publisher follows to the new one."""
    outbox.append(counts(1))
    drive(publisher, publisher.delivery.is_done)
    for file in tmp_path.glob(FILE_NAME + "*"):
        file.unlink()
    outbox.append(counts(2))
    drive(publisher, lambda: len(subscriber.of("counts")) == 2)


def test_a_broker_that_is_away_is_one_line_in_the_log(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is tried, the same trouble is said once."""
    caplog.set_level(logging.INFO)
    away = make_publisher(config_for(tmp_path, 1))
    end_s = 1.5
    clock = iter(x * 0.05 for x in range(int(end_s / 0.05)))
    for now_s in clock:
        away.step(now_s)
    assert len([r for r in caplog.records if "refused" in r.message]) == 1
