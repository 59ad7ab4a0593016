"""TLS to the broker: roots, certificates of ours, and what is said where one side speaks none."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.certificates import Authority
from tests.publish.guarded import tls_broker
from tests.publish.support import (
    Broker,
    config_for,
    counts,
    drive,
    make_publisher,
)


def test_tls_with_the_right_root_delivers(tmp_path: Path) -> None:
    """A broker whose certificate the given root signed is talked to, encrypted."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        for minute in range(200):
            outbox.append(counts(minute))
        publisher = make_publisher(
            config_for(tmp_path, broker.port, tls=True, ca_file=str(authority.ca))
        )
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        publisher.connection.close()
    broker.stop()


def test_mutual_tls_needs_our_certificate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a certificate the device is let in; without, it says so once and retries slowly."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority, "require_certificate true")
    certificate, key = authority.issue("door")
    Outbox(tmp_path / FILE_NAME).close()
    ours = {"tls": True, "ca_file": str(authority.ca), "refused_retry_s": 600.0}
    with_ours = make_publisher(
        config_for(tmp_path, broker.port, cert_file=str(certificate), key_file=str(key), **ours)
    )
    drive(with_ours, lambda: with_ours.connection.up)
    with_ours.connection.close()
    without = make_publisher(config_for(tmp_path, broker.port, **ours))
    drive(without, lambda: without.connection._due_s - time.monotonic() > 200)
    assert "asks for a certificate of this device" in caplog.text
    broker.stop()


def test_what_a_broker_says_before_it_closes_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of ten refusals each is told as what it is, though the broker has closed when we write."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority, "require_certificate true")
    Outbox(tmp_path / FILE_NAME).close()
    caplog.set_level(logging.DEBUG, "mqtt")
    ours = {"tls": True, "ca_file": str(authority.ca), "refused_retry_s": 0.01}
    without = make_publisher(config_for(tmp_path, broker.port, **ours))
    drive(without, lambda: caplog.text.count("trying again") >= 10, limit_s=60)
    assert caplog.text.count("asks for a certificate of this device; ") >= 10
    assert "unanswered" not in caplog.text
    broker.stop()


@pytest.mark.parametrize(
    ("host", "root", "said"),
    [
        ("127.0.0.1", "another", "not trusted"),
        ("localhost", "right", "Hostname mismatch"),
    ],
)
def test_a_wrong_certificate_is_refused_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, host: str, root: str, said: str
) -> None:
    """A broker that can't prove who it is gets no password and no window."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority)
    (tmp_path / "other").mkdir()
    ca = authority.ca if root == "right" else Authority(tmp_path / "other").ca
    settings = config_for(tmp_path, broker.port, host=host, tls=True, ca_file=str(ca))
    publisher = make_publisher(settings)
    drive(publisher, lambda: "trying again" in caplog.text)
    assert said in caplog.text
    assert "mqtt.ca_file" in caplog.text
    broker.stop()


def test_plain_text_to_a_tls_port_is_explained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TLS spoken to a port without it: the line names the keys to look at."""
    broker = Broker(tmp_path)
    publisher = make_publisher(config_for(tmp_path, broker.port, tls=True))
    drive(publisher, lambda: "trying again" in caplog.text)
    assert "mqtt.tls" in caplog.text
    broker.stop()


def test_plain_speech_to_a_tls_port_is_explained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A port that wants TLS and gets none just closes: the line says where to look."""
    broker = tls_broker(tmp_path, Authority(tmp_path))
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: "trying again" in caplog.text)
    assert "mqtt.tls" in caplog.text
    broker.stop()
