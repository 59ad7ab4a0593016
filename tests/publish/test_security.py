"""Passwords and access lists of a broker: what is accepted, what is refused."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.guarded import SECRET, guarded_broker, password_file
from tests.publish.support import (
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)


def test_user_password_and_acl_are_enough_for_all_a_device_does(tmp_path: Path) -> None:
    """With the rights in the documentation's ACL everything arrives and nothing is refused."""
    broker = guarded_broker(tmp_path)
    viewer = Subscriber(broker.port, username="viewer", password=SECRET)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        settings = config_for(
            tmp_path, broker.port, username="door", password_file=password_file(tmp_path)
        )
        publisher = make_publisher(settings)
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        wait_for(lambda: bool(viewer.of("/config") and viewer.of("/counts")), 5, "all messages")
        publisher.connection.close()
    viewer.close()
    broker.stop()
    assert "denied" not in broker.log.lower()


def test_only_the_operator_can_command(tmp_path: Path) -> None:
    """With the documentation's ACL a viewer's request never reaches the device."""
    broker = guarded_broker(tmp_path)
    viewer = Subscriber(broker.port, username="viewer", password=SECRET)
    operator = Subscriber(broker.port, "agender/#", username="operator", password=SECRET)
    Outbox(tmp_path / FILE_NAME).close()
    settings = config_for(
        tmp_path, broker.port, username="door", password_file=password_file(tmp_path)
    )
    publisher = make_publisher(settings)
    drive(publisher, lambda: bool(viewer.of("/health")))
    viewer.send("agender/v2/shop/door/request/identify", b'{"transaction":"viewer"}')
    operator.send("agender/v2/shop/door/request/identify", b'{"transaction":"operator"}')
    drive(publisher, lambda: bool(operator.of("response/identify")))
    assert [r["transaction"] for r in operator.of("response/identify")] == ["operator"]
    publisher.connection.close()
    for listening in (viewer, operator):
        listening.close()
    broker.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_one_line_and_a_slow_retry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    """The line names what to check; the next try comes after the long pause, not at once."""
    broker = guarded_broker(tmp_path)
    wrong = password_file(tmp_path, "wrong")
    publisher = make_publisher(
        config_for(tmp_path, broker.port, username="door", password_file=wrong,
                   protocol=protocol, refused_retry_s=600)
    )  # fmt: skip
    drive(publisher, lambda: "trying again" in caplog.text)
    assert publisher.connection._due_s - time.monotonic() > 200
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert "password" in lines[0]
    assert "wrong" not in lines[0]
    broker.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_window_the_acl_forbids_stays_in_the_outbox(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    """Nothing is thrown away for want of a right, and the log names the ACL.

    mosquitto 2.0.11 closes over a forbidden topic, with 3.1.1 after a PUBACK; others just say no.
    """
    broker = guarded_broker(tmp_path)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(
            config_for(tmp_path, broker.port, username="mute",
                       password_file=password_file(tmp_path), protocol=protocol)
        )  # fmt: skip
        drive(publisher, lambda: "ACL" in caplog.text)
        assert outbox.depth() == 1
        publisher.connection.close()
    broker.stop()
    assert "Denied PUBLISH" in broker.log
