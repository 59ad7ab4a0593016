"""A broker that announces itself: real announcements by multicast, on this machine's interfaces."""

from __future__ import annotations

import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from zeroconf import ServiceInfo, Zeroconf

from edge.config import read as settings
from edge.errors import ConfigError
from edge.outbox.outbox import Outbox
from edge.publish import auto_broker, dns_srv, mdns
from edge.publish.credentials import login
from edge.publish.publisher import Publisher, Surroundings
from tests.publish.certificates import Authority
from tests.publish.guarded import tls_broker
from tests.publish.support import Broker, Subscriber, config_for, counts, drive, make_publisher

WISH = {"host": "auto", "auto_unverified": True}


class Network:
    """Announces services until it is closed."""

    def __init__(self) -> None:
        self._zeroconf = Zeroconf()

    def announce(self, kind: str, port: int, host: str, name: str = "hub", **more: Any) -> None:
        info = ServiceInfo(kind, f"{name}.{kind}", port=port, server=f"{host}.",
                           addresses=[socket.inet_aton("127.0.0.1")], **more)  # fmt: skip
        self._zeroconf.register_service(info, cooperating_responders=True)

    def close(self) -> None:
        self._zeroconf.close()


@pytest.fixture(autouse=True)
def kinds_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who else announces brokers here, such as the same tests beside these, is not heard."""
    mine = secrets.token_hex(4)
    monkeypatch.setattr(mdns, "PLAIN", f"_p{mine}._tcp.local.")
    monkeypatch.setattr(mdns, "SECURE", f"_s{mine}._tcp.local.")
    monkeypatch.setattr(mdns, "BROWSE_S", 1.0)
    monkeypatch.setattr(dns_srv, "brokers_in_dns", lambda **_: [])


@pytest.fixture
def network() -> Iterator[Network]:
    """This machine's, where a test announces what it likes."""
    opened = Network()
    yield opened
    opened.close()


REGISTERED = mdns.PLAIN, mdns.SECURE


def test_the_kinds_are_the_registered_ones() -> None:
    """IANA's names of services: mqtt and secure-mqtt."""
    assert REGISTERED == ("_mqtt._tcp.local.", "_secure-mqtt._tcp.local.")


def wire_name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def test_what_is_no_service_s_name_hides_no_broker(network: Network) -> None:
    """Anybody can announce it; one packet kept every device from its broker."""
    network.announce(mdns.PLAIN, 1883, "hub-under-test.local")
    kind = tuple(label.encode() for label in mdns.PLAIN.rstrip(".").split("."))
    targets = (wire_name(b"foo", b"bar"), b"\0", wire_name(*kind), wire_name(b"\xff\n", *kind))
    over = threading.Event()

    def shout() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            while not over.wait(0.05):
                for to in targets:
                    record = wire_name(*kind) + struct.pack(">2HIH", 12, 1, 120, len(to)) + to
                    packet = struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0) + record
                    opened.sendto(packet, ("224.0.0.251", 5353))

    shouting = threading.Thread(target=shout, daemon=True)
    shouting.start()
    try:
        found = mdns.brokers_nearby(tls=False)
    finally:
        over.set()
        shouting.join(5)
    assert [each.endpoint.host for each in found] == ["hub-under-test.local"]


@pytest.mark.usefixtures("loopback_is_the_network")
def test_windows_reach_the_broker_that_announces_itself(
    tmp_path: Path, outbox: Outbox, broker: Broker, network: Network
) -> None:
    """By name and port of its record; of several the one of the best priority is taken."""
    outbox.append(counts())
    network.announce(mdns.PLAIN, 9, "worse.local", "a", priority=5)
    network.announce(mdns.PLAIN, broker.port, "hub-under-test.local", "b", priority=1)
    heard = Subscriber(broker.port)
    publisher = make_publisher(config_for(tmp_path, 9, **WISH))
    drive(publisher, lambda: bool(heard.of("/counts")))
    assert publisher.connection.where == f"hub-under-test.local:{broker.port}"
    publisher.connection.close()


def test_an_announcement_of_this_machine_itself_is_not_taken(
    tmp_path: Path,
    outbox: Outbox,
    broker: Broker,
    network: Network,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A stranger's record may name any address: what listens on loopback trusts who reaches it."""
    network.announce(mdns.PLAIN, broker.port, "hub-under-test.local")
    publisher = make_publisher(config_for(tmp_path, 9, **WISH))
    drive(publisher, lambda: "which is this machine itself" in caplog.text)
    assert "set mqtt.host = localhost" in caplog.text
    publisher.connection.close()


def test_with_tls_an_impostor_is_told_and_gets_nothing(
    tmp_path: Path, outbox: Outbox, network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """Who answers must have a certificate of our authority for the name that it announces."""
    authority = Authority(tmp_path)
    broker = tls_broker(tmp_path, authority)  # its certificate is for 127.0.0.1
    network.announce(mdns.SECURE, broker.port, "impostor.local")
    network.announce(mdns.PLAIN, broker.port, "plain.local")
    keys = {"host": "auto", "tls": True, "ca_file": str(authority.ca)}
    publisher = make_publisher(config_for(tmp_path, 9, refused_retry_s=60, **keys))
    drive(publisher, lambda: "is not trusted: Hostname mismatch" in caplog.text)
    publisher.connection.close()


def test_a_stranger_who_announces_himself_first_is_passed_over(
    tmp_path: Path, outbox: Outbox, network: Network
) -> None:
    """Another household's broker, or an impostor's, does not keep the device from ours."""
    ours, theirs = (Authority(made(tmp_path / name)) for name in ("ours", "theirs"))
    certificate, key = ours.issue("broker", dns="hub-of-ours.local")
    lines = (f"certfile {certificate}", f"keyfile {key}", f"cafile {ours.ca}")
    broker, stranger = Broker(tmp_path, *lines), tls_broker(tmp_path, theirs)
    network.announce(mdns.SECURE, stranger.port, "aaa.local", "a", priority=0)
    network.announce(mdns.SECURE, broker.port, "hub-of-ours.local", "b", priority=9)
    keys = {"host": "auto", "tls": True, "ca_file": str(ours.ca)}
    publisher = make_publisher(config_for(tmp_path, 9, **keys))
    drive(publisher, lambda: publisher.connection.up)
    assert publisher.connection.where == f"hub-of-ours.local:{broker.port}"
    publisher.connection.close()


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_names_of_elsewhere_are_no_brokers_of_this_network(network: Network) -> None:
    """An answer may name any host; one whose certificate a public authority signed is not ours."""
    network.announce(mdns.SECURE, 443, "broker.example.com")
    assert mdns.brokers_nearby(tls=True) == []


def test_nobody_answers(tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what was looked for, and what to write instead."""
    publisher = make_publisher(config_for(tmp_path, 9, **WISH))
    drive(publisher, lambda: "no broker announces itself on this network" in caplog.text)
    assert f"({mdns.PLAIN.removesuffix('.local.')})" in caplog.text
    assert "; let it, or name it in mqtt.host" in caplog.text
    publisher.connection.close()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "needs mqtt.tls = true, for anybody on the network can answer"),
        ("auto_unverified = true\nusername = 'door'", "would be told to whoever answers"),
        (
            "tls = true\ntransport = 'websockets'",
            "goes with mqtt.transport = tcp and no mqtt.proxy",
        ),
        (
            "tls = true\nproxy = 'http://proxy:3128'",
            "goes with mqtt.transport = tcp and no mqtt.proxy",
        ),
    ],
)
def test_whoever_answers_is_not_trusted_unless_that_is_wished(
    tmp_path: Path, keys: str, said: str
) -> None:
    """Without TLS anybody could be the broker: that is asked for in so many words, or refused."""
    file = tmp_path / "config.toml"
    file.write_text(f"[mqtt]\nhost = 'auto'\n{keys}\n")
    with pytest.raises(ConfigError, match=said):
        settings.load(file)
    assert settings.load(None, ["mqtt.host=auto", "mqtt.tls=true"]).mqtt.encrypted


def test_no_password_goes_to_whoever_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one of systemd's credentials either, which the configuration does not know."""
    for name in ("mqtt-username", "mqtt-password"):
        (tmp_path / name).write_text("hunter2\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match="no password is sent to whichever broker answers"):
        login(config_for(tmp_path, 9, **WISH).mqtt)


def test_without_the_library_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's packages or the extras; one of the two libraries is enough."""
    there: set[str] = set()
    monkeypatch.setattr(auto_broker, "find_spec", lambda name: name in there or None)
    with pytest.raises(ConfigError, match="sudo apt install python3-zeroconf python3-dnspython"):
        auto_broker.require(config_for(tmp_path, 9, **WISH).mqtt)
    auto_broker.require(config_for(tmp_path, 9).mqtt)
    for name in auto_broker.LIBRARIES:
        there = {name}
        auto_broker.require(config_for(tmp_path, 9, **WISH).mqtt)


def test_a_reload_never_ends_a_device_for_want_of_the_library(
    tmp_path: Path, outbox: Outbox, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is refused in that sentence, and the device goes on as it is configured."""
    monkeypatch.setattr(auto_broker, "find_spec", lambda _name: None)
    fresh = config_for(tmp_path, 9, **WISH)
    around = Surroundings(Random(1), reread=lambda: fresh)
    publisher = Publisher(config_for(tmp_path, broker.port), outbox, None, around)
    heard = Subscriber(broker.port)
    drive(publisher, lambda: publisher.connection.up)
    heard.send("agender/v2/shop/door/request/reload", "{}")
    drive(publisher, lambda: bool(heard.of("/response/reload")))
    [answer] = heard.of("/response/reload")
    assert answer["status"] == "error"
    assert "needs python3-zeroconf" in answer["error"]
    assert not publisher.reload.asked
    publisher.connection.close()
