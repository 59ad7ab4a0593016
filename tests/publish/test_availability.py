"""`availability` at the broker stays the device's own word, until `forget` takes it back."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from edge.errors import UserError
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.availability import REPEAT_S, Availability
from edge.publish.forget import forget
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    drive,
    make_publisher,
    wait_for,
)

TOPIC = "agender/v2/shop/door/availability"


@pytest.mark.parametrize("word", [b"offline", b"stopped", b"", b"\xff\x00"])
def test_what_somebody_else_leaves_there_is_overwritten(
    broker: Broker, subscriber: Subscriber, tmp_path: Path, word: bytes
) -> None:
    """Whoever subscribes afterwards finds the device online; a clean end stays what it is."""
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: bool(subscriber.of("availability")))
    subscriber.send(TOPIC, word, retain=True)
    drive(publisher, lambda: subscriber.of("availability")[-1] != "online")
    drive(publisher, lambda: subscriber.of("availability")[-1] == "online")
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    late = Subscriber(broker.port, TOPIC)
    wait_for(lambda: bool(late.heard), 5, "what is retained")
    assert late.heard == [(TOPIC, b"stopped", True)]


def test_whoever_insists_is_answered_now_and_then() -> None:
    """Two that overwrite each other do not flood the broker; its own echo is no reason."""
    ours = Availability()
    said = 0
    for tenth in range(1_000):
        ours.heard(b"offline", retained=False)
        said += ours.due(tenth / 10)
        ours.heard(b"online", retained=False)
        assert not ours.due(tenth / 10)
    assert said == 100 / REPEAT_S


def test_what_was_there_before_the_birth_is_no_foreign_word() -> None:
    """The last will of the connection before comes as retained, and after the birth at times."""
    ours = Availability()
    ours.connected()
    ours.heard(b"offline", retained=True)
    assert not ours.due(0)


def test_a_running_device_is_not_forgotten(broker: Broker, tmp_path: Path) -> None:
    """It would stay mute in Home Assistant; one is told to stop it."""
    settings = config_for(tmp_path, broker.port)
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(settings)
    drive(publisher, lambda: publisher.connection.up)
    ended = threading.Event()
    running = threading.Thread(target=drive, args=(publisher, ended.is_set))
    running.start()
    try:
        with pytest.raises(UserError, match=r"is running .*; stop it first"):
            forget(settings)
    finally:
        ended.set()
        running.join()
    publisher.connection.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_an_access_list_keeps_there_is_not_called_forgotten(
    tmp_path: Path, protocol: str
) -> None:
    """MQTT 3.1.1 acknowledges a message that is thrown away; reading back tells."""
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite #\n")
    broker = Broker(tmp_path, f"acl_file {acl}")
    device = Subscriber(broker.port)
    device.send(TOPIC, b"stopped", retain=True)
    device.close()
    acl.write_text("topic read #\n")
    broker.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "Reloading config" in broker.log, 5, "the new access list")
    with pytest.raises(UserError, match="has not forgotten all"):
        forget(config_for(tmp_path, broker.port, protocol=protocol))
