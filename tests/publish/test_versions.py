"""MQTT 5 first, 3.1.1 where the broker has nothing newer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.versions import Versions
from tests.publish.old_broker import OldBroker
from tests.publish.support import Broker, Subscriber, config_for, counts, drive, make_publisher


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
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        publisher.connection.close()
    assert old_broker.turned_away == 1


def test_a_new_broker_is_spoken_to_in_mqtt_5(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where MQTT 5 is there it is used, since only it tells of refused topics."""
    caplog.set_level("INFO")
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: publisher.connection.up)
    assert "MQTT 5" in caplog.text
    publisher.connection.close()


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
