"""The doctor's look at a broker: what it calls well delivers, and what does not is named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edge.config.tables import Config
from edge.diagnostics import checks
from edge.diagnostics.finding import Finding
from edge.errors import ConfigError
from edge.outbox.claim import claim_delivery
from edge.outbox.outbox import Outbox
from edge.publish.credentials import login
from tests.publish.certificates import Authority
from tests.publish.guarded import guarded_broker, password_file, tls_broker
from tests.publish.limited import LimitedBroker
from tests.publish.old_broker import OldBroker
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)
from tests.shared import ROOT

BASE = "agender/v2/shop/door"


def found(config: Config) -> tuple[list[Finding], str]:
    """The doctor's findings about the broker, and all they say."""
    findings = list(checks.broker(config))
    return findings, "\n".join(f"{one.text} → {one.advice}" for one in findings)


def test_it_tries_all_a_device_publishes_and_leaves_nothing(
    broker: Broker, outbox: Outbox, tmp_path: Path
) -> None:
    """Birth, info, discovery, an answer and a window go out; retained is what was before."""
    outbox.append(counts())
    listening = Subscriber(broker.port)
    [finding], _ = found(config_for(tmp_path, broker.port))
    assert finding.state == "good"
    for name in ("/availability", "/info", "/config", "/counts", "/response/doctor"):
        wait_for(lambda name=name: bool(listening.of(name)), 5, name)
    assert outbox.depth() == 1
    listening.close()
    late = Subscriber(broker.port, "#")
    late.send("end", "")
    wait_for(lambda: bool(late.heard), 5, "the end")
    assert [topic for topic, _, _ in late.heard] == ["end"]
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, publisher.delivery.is_done)  # as a repeat, which its number tells
    wait_for(lambda: [c["seq"] for c in late.of("/counts")] == [1], 5, "the window")
    publisher.connection.close()


def test_it_neither_throws_out_nor_declares_dead_a_device_that_runs(
    broker: Broker, outbox: Outbox, tmp_path: Path
) -> None:
    """With a publisher of the same folder at work, `online` stays, and so does the connection."""
    config = config_for(tmp_path, broker.port)
    publisher = make_publisher(config)
    drive(publisher, lambda: publisher.connection.up)
    listening = Subscriber(broker.port)
    with ExitStack() as stack:
        claim_delivery(tmp_path, stack)
        [finding], _ = found(config)
    assert finding.state == "good"
    wait_for(lambda: len(listening.of("/response/doctor")) == 1, 5, "the probe")
    listening.send("end", "")
    wait_for(lambda: bool(listening.of("end")), 5, "what came until then")
    assert set(listening.of("/availability")) == {"online"}
    assert publisher.connection.connects == 1
    publisher.connection.close()


@pytest.mark.parametrize(
    ("limits", "changes", "states", "words"),
    [
        ({}, {}, ["good"], ""),
        ({"receive_maximum": 1}, {}, ["good"], ""),
        ({"retain_available": 0}, {}, ["good", "note"], "retain_available true"),
        ({"max_qos": 0}, {}, ["note", "bad"], "max_qos 1"),
        ({"max_qos": 0}, {"qos": 0}, ["good", "note"], "messages may get lost"),
        ({"max_packet": 26_000}, {}, ["good", "note"], "max_packet_size"),
        ({"max_packet": 10_000}, {}, ["good", "note", "note", "note"], "Home Assistant"),
        ({"max_packet": 2_000}, {}, ["bad", "note", "note", "note", "note"], "a window has"),
        ({"puback": {"counts": 0x87}}, {}, ["bad"], f"topic write {BASE}/counts"),
        ({"puback": {"info": 0x87}}, {}, ["bad"], f"topic write {BASE}/info"),
        ({"puback": {"availability": 0x87}}, {}, ["bad"], f"topic write {BASE}/availability"),
        ({"puback": {"config": 0x87}}, {}, ["bad"], "homeassistant/device/agender_shop_door"),
        ({"puback": {"doctor": 0x97}}, {}, ["bad"], f"topic write {BASE}/response/doctor"),
        ({"suback": 0x87}, {}, ["bad", "bad", "note"], f"topic read {BASE}/request/+"),
        ({"suback": 0x80}, {"protocol": "3.1.1"}, ["bad", "bad", "note"], "request/+"),
    ],
)
def test_each_limit_is_named_with_the_setting_of_the_broker(
    tmp_path: Path, outbox: Outbox, *, limits: dict, changes: dict, states: list, words: str
) -> None:
    """What is only given up is a note; what keeps windows or requests away is bad."""
    outbox.append(counts())
    broker = LimitedBroker(tmp_path, **limits)
    findings, text = found(config_for(tmp_path, broker.port, **changes))
    # This broker routes nothing, so that what was retained never comes back.
    told = [one.state for one in findings if "handed back" not in one.text]
    assert sorted(told) == sorted(states), text
    assert words in text
    wait_for(lambda: "DISCONNECT" in broker.log, 5, "the end")
    heard = broker.log
    assert heard.count("DISCONNECT") == heard.count("DISCONNECT by the client")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_an_access_list_that_forbids_all_is_never_well(
    tmp_path: Path, outbox: Outbox, protocol: str
) -> None:
    """With 3.1.1 mosquitto acknowledges, throws away and closes: the topic that it was is named."""
    outbox.append(counts())
    acl = tmp_path / "acl"
    acl.write_text("topic read nothing\n")
    acl.chmod(0o600)
    broker = Broker(tmp_path, f"acl_file {acl}")
    findings, text = found(config_for(tmp_path, broker.port, protocol=protocol))
    assert "good" not in [one.state for one in findings]
    first = "availability" if protocol == "5" else "response/doctor"
    assert f"{BASE}/{first}" in text
    assert "access list" in text or "readwrite" in text


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_documented_access_list_is_well(tmp_path: Path, outbox: Outbox, protocol: str) -> None:
    """All that the probe does is among the rights that the documentation gives."""
    outbox.append(counts())
    broker = guarded_broker(tmp_path)
    settings = {"username": "door", "password_file": password_file(tmp_path)}
    findings, text = found(config_for(tmp_path, broker.port, protocol=protocol, **settings))
    assert [one.state for one in findings] == ["good"], text


@pytest.mark.parametrize("line", ["retain_available false", "max_qos 0"])
def test_mosquitto_s_own_limits_are_named(tmp_path: Path, outbox: Outbox, line: str) -> None:
    """A real broker that announces them, and refuses the will by them."""
    broker = Broker(tmp_path, line)
    _, text = found(config_for(tmp_path, broker.port))
    assert line.split(maxsplit=1)[0] in text


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_a_missing_certificate_is_asked_for(tmp_path: Path, version: str) -> None:
    """Not "check the certificates" where there is none."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority, "require_certificate true", f"tls_version {version}")
    config = config_for(tmp_path, broker.port, tls=True, ca_file=str(authority.ca))
    [finding], text = found(config)
    assert finding.state == "bad"
    assert "certificate of this device" in finding.text
    assert "mqtt.cert_file and mqtt.key_file" in finding.advice, text


DOCTOR = """
from pathlib import Path
from edge.diagnostics import checks
from tests.publish.support import config_for
import sys
changes = {"tls": True, "ca_file": sys.argv[3]} if sys.argv[3] else {}
config = config_for(Path(sys.argv[1]), int(sys.argv[2]), host=sys.argv[4], **changes)
for one in checks.broker(config):
    print(one.state, one.text, "→", one.advice)
"""


def doctor(*before: str, folder: Path, port: int, ca: str = "", host: str = "127.0.0.1") -> str:
    command = [*before, sys.executable, "-c", DOCTOR, str(folder), str(port), ca, host]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("when", "words"),
    [("2020-01-01", "not valid yet"), ("2099-01-01", "has expired")],
)
def test_a_clock_that_is_wrong_is_named(tmp_path: Path, when: str, words: str) -> None:
    """A board without a clock starts years ago, and every certificate is from the future."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed (apt install faketime)")
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority)
    fake = ("faketime", "-f", f"@{when} 12:00:00")
    text = doctor(*fake, folder=tmp_path, port=broker.port, ca=str(authority.ca))
    assert words in text
    assert when[:4] in text
    assert "clock" in text.split("→")[1]


@pytest.mark.parametrize("host", ["hub.local", "192.0.2.1", "2001:db8::1"])
def test_no_network_is_not_a_wrong_name(tmp_path: Path, host: str) -> None:
    """In a network namespace without any interface, as with the cable out."""
    alone = ["unshare", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here: it takes root")
    text = doctor(*alone, folder=tmp_path, port=1883, host=host)
    assert text.startswith("bad")
    assert "this machine has no network" in text
    assert "mqtt.host" not in text


@pytest.mark.parametrize("manner", ["refuses", "refuses, else slow"])
def test_an_old_broker_is_tried_in_its_own_version(
    tmp_path: Path, broker: Broker, manner: str
) -> None:
    """A broker that refuses MQTT 5 is asked in 3.1.1, as the service would do."""
    old = OldBroker(broker.port, manner)
    with closing(old):
        [finding], text = found(config_for(tmp_path, old.port))
    assert finding.state == "good", text


@pytest.mark.parametrize("missing", ["password", "certificate"])
def test_unusable_files_are_findings(tmp_path: Path, missing: str) -> None:
    """The doctor names the key instead of ending."""
    changes = {
        "password": {"username": "door", "password_file": str(tmp_path / "none")},
        "certificate": {"tls": True, "ca_file": str(tmp_path / "none")},
    }[missing]
    config = config_for(tmp_path, 1, **changes)
    [finding], text = found(config)
    assert finding.state == "bad"
    assert "cannot be read" in text
    if missing == "password":
        with pytest.raises(ConfigError):
            login(config.mqtt)
