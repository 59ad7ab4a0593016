"""Passwords, certificates, ACLs: what is accepted, what is refused, where secrets never are."""

from __future__ import annotations

import logging
import signal
import sys
import time
from pathlib import Path

import pytest

from edge.config.broker import Mqtt
from edge.config.seen import Source
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.credentials import Login, login, tls_context
from edge.publish.device_info import without_secrets
from tests.publish.certificates import Authority
from tests.publish.guarded import SECRET, guarded_broker, password_file, tls_broker
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    spawn,
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


def test_the_password_comes_from_systemd_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LoadCredential= wins over the file; both name the same thing."""
    (tmp_path / "mqtt-password").write_text("from-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = Mqtt(username="door", password_file=password_file(tmp_path, "from-file"))
    assert login(settings) == Login("door", "from-systemd")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert login(settings) == Login("door", "from-file")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "a", "password_file": "missing"}, "mqtt.password_file = missing"),
        ({"username": "a", "password_file": "empty"}, "first line is empty"),
        ({"password_file": "good"}, "name the user"),
        ({"tls": True, "ca_file": "missing"}, "mqtt.ca_file = missing"),
        ({"tls": True, "ca_file": "empty"}, "no PEM certificate"),
        ({"tls": True, "cert_file": "good"}, "belong together"),
        ({"tls": True, "cert_file": "good", "key_file": "good"}, "no matching pair"),
        ({"ca_file": "good"}, "set mqtt.tls = true"),
    ],
)
def test_unusable_credentials_are_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], said: str
) -> None:
    """One sentence with the key and the file; never the secret itself."""
    monkeypatch.chdir(tmp_path)
    Path("empty").write_text("")
    Path("good").write_text(SECRET)
    with pytest.raises(ConfigError, match=said) as caught:
        settings = Mqtt(**changes)
        login(settings)
        tls_context(settings)
    assert SECRET not in str(caught.value)


def test_secrets_appear_nowhere(tmp_path: Path) -> None:
    """Not in the log at its most talkative, not in `info`, `ps`, the environment or the outbox."""
    broker = guarded_broker(tmp_path)
    viewer = Subscriber(broker.port, username="viewer", password=SECRET)
    state = tmp_path / "state"
    with Outbox(state / FILE_NAME) as outbox:
        outbox.append(counts())
    log = (tmp_path / "log").open("wb")
    keys = {
        "mqtt.host": "127.0.0.1", "mqtt.port": broker.port, "mqtt.username": "door",
        "mqtt.password_file": password_file(tmp_path), "device.site": "shop",
        "device.name": "door", "paths.state": state, "paths.runtime": state,
        "log.level": "debug",
    }  # fmt: skip
    (tmp_path / "config.toml").write_text(
        f'[source]\nuri = "rtsp://admin:{SECRET}-2@camera/stream"\n'
        f'detect_uri = "rtsp://camera/user=admin_password={SECRET}-3/small"\n'
    )
    flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
    process = spawn(
        [sys.executable, "-B", "-m", "edge", "publisher", "--config",
         str(tmp_path / "config.toml"), *flags],
        stderr=log,
    )  # fmt: skip
    wait_for(lambda: bool(viewer.of("/counts") and viewer.of("/info")), 10, "the messages")
    proc = Path(f"/proc/{process.pid}")
    # Its password's file name holds the password in this test; a name is no secret.
    seen = (proc / "cmdline").read_bytes().replace(f"password-{SECRET}".encode(), b"")
    seen += (proc / "environ").read_bytes()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    log.close()
    seen += (tmp_path / "log").read_bytes().replace(f"password-{SECRET}".encode(), b"")
    for _, payload, _ in viewer.heard:
        seen += payload.replace(f"password-{SECRET}".encode(), b"")
    for file in state.iterdir():
        seen += file.read_bytes()
    viewer.close()
    broker.stop()
    assert b"connected to" in seen
    assert SECRET.encode() not in seen


def test_addresses_in_info_are_scheme_host_and_port() -> None:
    """Of a camera's two streams as of anything else in the configuration."""
    source = Source(
        uri="rtsp://admin:p%40ss@10.0.0.5:554/live?token=ab",
        detect_uri="rtsp://10.0.0.5:554/user=admin_password=p_channel=1",
    )
    told = without_secrets(Config(source=source))["source"]
    assert (told["uri"], told["detect_uri"]) == ("rtsp://10.0.0.5:554", "rtsp://10.0.0.5:554")


def test_a_login_never_prints_its_password() -> None:
    """A traceback or a debug line that shows a login shows the user only."""
    assert SECRET not in f"{Login('door', SECRET)} {Login('door', SECRET)!r}"
