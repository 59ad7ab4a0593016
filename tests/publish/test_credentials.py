"""Where the password comes from, and that secrets are nowhere else."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from edge.config.broker import Mqtt
from edge.config.seen import Source
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.credentials import Login, login, tls_context
from edge.publish.device_info import without_secrets
from tests.publish.guarded import SECRET, guarded_broker, password_file
from tests.publish.support import (
    Subscriber,
    counts,
    spawn,
    wait_for,
)


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
