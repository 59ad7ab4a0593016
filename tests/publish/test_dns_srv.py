"""A broker that the network's DNS names, by a real DNS server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from edge.broker_address import Endpoint
from edge.diagnostics import services
from edge.ip_address import is_this_machine
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish import auto_broker, dns_srv, mdns
from edge.publish.dns_srv import Record, brokers_in_dns, in_order, is_host_name, usable
from tests.publish.certificates import Authority
from tests.publish.name_server import (
    DOMAIN,
    WISH,
    answering,
    free_port,
    name_in,
    refused,
)
from tests.publish.support import Broker, Subscriber, config_for, counts, drive, make_publisher

pytest.importorskip("dns", reason="dnspython is not installed (extra srv)")


pytestmark = pytest.mark.usefixtures("resolver")


@pytest.fixture
def serve(tmp_path: Path, resolver: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """dnsmasq with these SRV records: `(kind, target, port, priority, weight)`."""
    command = shutil.which("dnsmasq") or shutil.which("/usr/sbin/dnsmasq")
    if command is None:
        pytest.skip("dnsmasq is not installed (apt install dnsmasq-base)")
    running: list[subprocess.Popen[bytes]] = []

    def start(*records: tuple[str, str, int, int, int], domain: str = DOMAIN) -> None:
        port = free_port()
        hosts = [f"--srv-host={kind}.{domain},{target},{p},{prio},{weight}"
                 for kind, target, p, prio, weight in records]  # fmt: skip
        running.append(subprocess.Popen(
            [command, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
             "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--user=root",
             f"--local=/{domain}/", "--pid-file=", *hosts],
            stderr=(tmp_path / "dnsmasq.log").open("wb"),
        ))  # fmt: skip
        resolver(port)
        end_s = time.monotonic() + 10
        while b"started" not in (tmp_path / "dnsmasq.log").read_bytes():
            assert time.monotonic() < end_s, (tmp_path / "dnsmasq.log").read_text()
            time.sleep(0.02)

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.mark.usefixtures("loopback_is_the_network")
def test_windows_reach_the_broker_that_dns_names(
    tmp_path: Path, outbox: Outbox, broker: Broker, serve: Callable[..., None]
) -> None:
    """By target and port of its record; the better one, where nobody listens, is passed over."""
    outbox.append(counts())
    serve((dns_srv.PLAIN, "localhost", 1025, 0, 0), (dns_srv.PLAIN, "localhost", broker.port, 5, 0))
    heard = Subscriber(broker.port)
    publisher = make_publisher(config_for(tmp_path, 9, **WISH))
    drive(publisher, lambda: bool(heard.of("/counts")))
    assert publisher.connection.where == f"localhost:{broker.port}"
    publisher.connection.close()


def test_with_tls_the_certificate_is_for_the_target_and_from_our_authority(
    tmp_path: Path, outbox: Outbox, serve: Callable[..., None]
) -> None:
    """An impostor named before ours, with another authority's certificate, is passed over."""
    ours, theirs = (Authority(made(tmp_path / name)) for name in ("ours", "theirs"))
    brokers = [Broker(tmp_path, *tls_lines(each)) for each in (theirs, ours)]
    serve(*((dns_srv.SECURE, "localhost", each.port, n, 0) for n, each in enumerate(brokers)))
    keys = {"host": "auto", "tls": True, "ca_file": str(ours.ca)}
    publisher = make_publisher(config_for(tmp_path, 9, **keys))
    drive(publisher, lambda: publisher.connection.up)
    assert publisher.connection.where == f"localhost:{brokers[1].port}"
    publisher.connection.close()


def test_a_certificate_for_another_name_is_not_taken(
    tmp_path: Path,
    outbox: Outbox,
    serve: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ours or not: it must be for the target of the record."""
    ours = Authority(made(tmp_path / "ours"))
    broker = Broker(tmp_path, *tls_lines(ours, dns="hub.lan.example"))
    serve((dns_srv.SECURE, "localhost", broker.port, 0, 0))
    keys = {"host": "auto", "tls": True, "ca_file": str(ours.ca)}
    publisher = make_publisher(config_for(tmp_path, 9, refused_retry_s=60, **keys))
    drive(publisher, lambda: "is not trusted: Hostname mismatch" in caplog.text)
    publisher.connection.close()


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def tls_lines(authority: Authority, dns: str = "localhost") -> tuple[str, ...]:
    certificate, key = authority.issue("broker", dns=dns)
    return f"certfile {certificate}", f"keyfile {key}", f"cafile {authority.ca}"


def test_without_an_authority_of_ours_dns_is_not_asked(
    tmp_path: Path, serve: Callable[..., None]
) -> None:
    """Else whoever hands out DNS could name a host that any public authority vouches for."""
    serve((dns_srv.SECURE, "broker.example.com", 8883, 0, 0))
    for keys, asked in (
        ({"tls": True}, False),
        ({"tls": True, "ca_file": "ca.pem"}, True),
        ({"tls": True, "pins": ["00" * 32]}, True),
        ({"auto_unverified": True}, True),
    ):
        mqtt = config_for(tmp_path, 9, host="auto", **keys).mqtt
        assert auto_broker.may_ask_dns(mqtt, tls=mqtt.tls) == asked
    assert auto_broker.brokers(tls=True, ask_dns=False) == []
    [found] = auto_broker.brokers(tls=True, ask_dns=True)
    assert str(found.endpoint) == "broker.example.com:8883"


@pytest.mark.usefixtures("loopback_is_the_network")
def test_the_doctor_names_what_was_found_and_how(
    tmp_path: Path, broker: Broker, serve: Callable[..., None]
) -> None:
    """So that a record that leads elsewhere is seen; and why DNS is not asked, where it is not."""
    serve((dns_srv.PLAIN, "localhost", broker.port, 0, 0))
    findings = list(services.broker(config_for(tmp_path, 9, **WISH)))
    texts = [finding.text for finding in findings]
    assert f"auto: localhost:{broker.port} by DNS (_mqtt._tcp.{DOMAIN})" in texts
    assert findings[-1].state == "good"
    assert "takes what this device publishes" in texts[-1]
    told = services.broker(config_for(tmp_path, 9, host="auto", tls=True))
    assert "DNS is not asked" in next(told).text


@pytest.mark.parametrize(
    ("port", "said"),
    [(None, ", which is this machine itself; "), (22, ", a port below 1024, where without TLS ")],
)
def test_a_record_aims_no_device_at_services_that_are_no_brokers(
    tmp_path: Path, broker: Broker, serve: Callable[..., None], port: int | None, said: str
) -> None:
    """Not at its own loopback, nor at ports of the system, where no certificate proves them."""
    port = port or broker.port
    serve((dns_srv.PLAIN, "localhost", port, 0, 0))
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, 9, **WISH))
    drive(publisher, lambda: bool(publisher.connection.failure))
    assert f"names localhost:{port} as the broker{said}" in publisher.connection.failure
    publisher.connection.close()


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True), ("127.255.1.2", True), ("::1", True), ("0.0.0.0", True), ("::", True),
        ("::ffff:127.0.0.1", True), ("::ffff:0.0.0.0", True), ("192.0.2.1", False),
        ("fe80::1%eth0", False), ("2001:db8::1", False), ("::ffff:192.0.2.1", False),
    ],
)  # fmt: skip
def test_what_an_address_reaches(address: str, here: bool) -> None:
    """All ways to write this machine's loopback, and none of another one's."""
    assert is_this_machine(address) == here


def test_what_is_announced_on_the_wire_comes_first(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record in DNS changes nothing for a device that has found its broker; each comes once."""
    serve((dns_srv.PLAIN, "hub.local", 1883, 0, 0), (dns_srv.PLAIN, "hub.lan.example", 1883, 1, 0))
    near = mdns.Found(9, Endpoint("hub.local", 1883), ("192.0.2.1",))
    monkeypatch.setattr(mdns, "brokers_nearby", lambda **_: [near])
    found = auto_broker.brokers(tls=False, ask_dns=True)
    assert [each.endpoint.host for each in found] == ["hub.local", "hub.lan.example"]
    assert found[0] == near


@pytest.mark.parametrize(
    ("lines", "domains"),
    [
        (("search lan.example",), ["lan.example"]),
        (("domain lan.example",), ["lan.example"]),
        (("search a.example b.example c.example d.example",),
         ["a.example", "b.example", "c.example"]),
        (("search com local home.local A.example a.example",), ["a.example"]),
        (("search a..example",), []),
        (("search \x01\xff.example",), []),
    ],
)  # fmt: skip
def test_the_search_domains_are_asked(
    resolver: Callable[..., None], lines: tuple[str, ...], domains: list[str]
) -> None:
    """Three at most, each once; not a top level, not multicast DNS, nothing that is no name."""
    port, asked = free_port(), []
    with answering(port, lambda question: asked.append(name_in(question)) or refused(question)):
        resolver(port, *lines)
        assert brokers_in_dns(tls=False) == []
    found = dict.fromkeys(name.removeprefix("_mqtt._tcp.") for name in asked)
    assert list(found) == domains


@pytest.mark.parametrize(
    ("target", "right"),
    [
        ("hub.lan.example", True), ("hub", True), ("xn--bcher-kva.example", True),
        ("a_b.example", True), ("", False), (".", False), ("192.0.2.1", False), ("1.2", False),
        ("0x7f.0x1", False), ("2130706433", False), ("::1", False), ("a b", False),
        (r"a\009b", False), ("a/../b", False), ("a@b", False), ("x" * 64, False),
        (".".join(["x" * 60] * 5), False), ("hub\n", False), ("é.example", False),
    ],
)  # fmt: skip
def test_a_target_is_a_host_s_name_or_nothing(target: str, right: bool) -> None:
    """Addresses, spaces, escapes and what is too long are none."""
    assert is_host_name(target) == right
    assert bool(usable([Record(0, 0, 1883, target)])) == right


def test_port_0_is_no_port() -> None:
    """Nor is one record more than one."""
    assert usable([Record(0, 0, 0, "hub.example")]) == []
    assert len(usable([Record(0, 0, 1883, "hub.example")] * 5)) == 1


def test_priority_decides_and_weight_is_a_lot() -> None:
    """RFC 2782: 3 to 1 within a priority, weight 0 seldom, and the lowest number always first."""
    records = [
        Record(1, 3, 1, "heavy"), Record(1, 1, 1, "light"), Record(1, 0, 1, "none"),
        Record(2, 65_535, 1, "later"),
    ]  # fmt: skip
    random = Random(7)
    orders = [[record.target for record in in_order(records, random)] for _ in range(4_000)]
    assert all(sorted(order) == ["heavy", "later", "light", "none"] for order in orders)
    assert all(order[-1] == "later" for order in orders)
    first = Counter(order[0] for order in orders)
    # At random in 0…4: 0 takes "none", 1 "light", 2…4 "heavy".
    assert 2_200 < first["heavy"] < 2_600
    assert 650 < first["light"] < 950


def test_records_without_weight_are_all_tried() -> None:
    """A lot over nothing takes them one by one."""
    records = [Record(0, 0, 1, name) for name in "cab"]
    assert sorted(record.target for record in in_order(records, Random(1))) == ["a", "b", "c"]


def test_who_names_a_broker_needs_neither_library() -> None:
    """The publisher imports none itself; paho takes dnspython where it lies, and does without."""
    code = (
        "import sys; sys.modules['dns'] = None; import edge.publish.publisher\n"
        "sys.exit(bool({'dns.resolver', 'zeroconf'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
