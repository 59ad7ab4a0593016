"""Name servers that are dead, slow or hostile cost the search for a broker a moment."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from edge.broker_address import Endpoint
from edge.publish import bounded_client, dns_srv, mdns
from edge.publish.bounded_client import BoundedClient
from edge.publish.brokers import Peer
from edge.publish.client import Identity, new_client
from edge.publish.credentials import Login
from edge.publish.dns_srv import brokers_in_dns
from tests.publish.name_server import (
    DOMAIN,
    HUB,
    ROOT,
    WISH,
    Answer,
    answering,
    free_port,
    header,
    name_in,
    refused,
    srv,
)
from tests.publish.support import config_for

pytest.importorskip("dns", reason="dnspython is not installed (extra srv)")


pytestmark = pytest.mark.usefixtures("resolver")


CNAME_LOOP = b"\xc0\x0c" + struct.pack(">2HIH", 5, 1, 60, 2) + b"\xc0\x0c"
HOSTILE: dict[str, Answer] = {
    "silence": lambda _: None,
    "no such name": refused,
    "servers failing": lambda q: header(q, 0, code=2),
    "not here": lambda q: header(q, 1) + srv(ROOT),
    "port 0": lambda q: header(q, 1) + srv(HUB, port=0),
    "an address as target": lambda q: header(q, 1) + srv(b"\3127\1" + b"0\1" + b"0\1" + b"1\0"),
    "bytes that are no name": lambda q: header(q, 1) + srv(b"\4a\n\0\xff\0"),
    "a target that points at itself": lambda q: (
        header(q, 1) + srv(struct.pack(">H", 0xC000 | (len(q) + 12 + 6)))
    ),
    "a pointer beyond the end": lambda q: header(q, 1) + srv(b"\xff\xff"),
    "an alias of itself": lambda q: header(q, 1) + CNAME_LOOP,
    "cut": lambda q: (header(q, 1) + srv(HUB))[:-5],
    "no DNS": lambda _: b"HTTP/1.1 200 OK\r\n\r\n",
    "empty": lambda _: b"",
    "another question's": lambda q: bytes([q[0] ^ 1]) + (header(q, 1) + srv(HUB))[1:],
    "truncated, and nobody at TCP": lambda q: (
        q[:2] + struct.pack(">5H", 0x8380, 1, 0, 0, 0) + q[12:]
    ),
    "more than there are": lambda q: header(q, 60_000) + srv(HUB),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_whatever_a_name_server_says_it_costs_a_moment(
    resolver: Callable[..., None], how: str
) -> None:
    """No broker comes of it, and the next attempt is not far."""
    port = free_port()
    with answering(port, HOSTILE[how]):
        resolver(port)
        begin_s = time.monotonic()
        assert brokers_in_dns(tls=False) == []
        assert time.monotonic() - begin_s < dns_srv.ASK_S + 3


@pytest.mark.parametrize("lines", [
    ("nameserver 127.0.0.1", f"search {DOMAIN}"),
    ("nameserver 127.0.0.1", "nameserver 127.0.0.1", f"search dead.example {DOMAIN}"),
    (*["nameserver 127.0.0.1"] * 20, f"search {DOMAIN} b.example c.example"),
])  # fmt: skip
def test_a_dead_server_leaves_time_for_the_next(
    resolver: Callable[..., None], tmp_path: Path, lines: tuple[str, ...]
) -> None:
    """Nor does a domain about which nobody answers; all together within the bound."""
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.2", port))

        def of_ours(question: bytes) -> bytes | None:
            ours = name_in(question).endswith(DOMAIN)
            return header(question, 1) + srv(HUB) if ours else None

        with answering(port, of_ours):
            resolver(port, *lines)
            conf = tmp_path / "resolv.conf"
            conf.write_text("nameserver 127.0.0.2\n" + conf.read_text().partition("\n")[2])
            begin_s = time.monotonic()
            found = brokers_in_dns(tls=False)
    assert [each.endpoint.host for each in found] == ["hub.lan.example"]
    assert time.monotonic() - begin_s < dns_srv.ASK_S + 1


def test_answers_that_take_long_to_read_are_one(
    resolver: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of 120 labels, by reference: seconds on a Raspberry Pi, and only for one domain."""
    port, asked = free_port(), set()
    monkeypatch.setattr(dns_srv, "ASK_S", 0.3)
    long = b"\1a" * 120 + b"\0"

    def heavy(question: bytes) -> bytes:
        asked.add(name_in(question))
        at = struct.pack(">H", 0xC000 | (len(question) + 12 + 6))
        records = [srv(long), *(srv(b"\2%02x" % (n % 256) + at, n + 1) for n in range(1_900))]
        return header(question, len(records)) + b"".join(records)

    with answering(port, heavy):
        resolver(port, "search a.example b.example c.example")
        assert len(brokers_in_dns(tls=False)) == 8
    assert asked == {"_mqtt._tcp.a.example"}


def test_a_search_that_took_long_leaves_less_for_connecting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both together end before the watchdog; each broker has its share of what is left."""
    told: list[float] = []
    found = [mdns.Found(n, Endpoint(f"h{n}.example", 1883), ()) for n in range(4)]
    clock = iter([100.0, 100.0 + bounded_client.FOUND_AND_REACHED_S - 8])
    monkeypatch.setattr(bounded_client, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(bounded_client, "locate", lambda **_: found)

    def silent(_self: BoundedClient, _known: Sequence[str], within_s: float) -> None:
        told.append(within_s)
        raise TimeoutError("timed out")

    monkeypatch.setattr(BoundedClient, "_opened", silent)
    who = Identity("device", None, Login(None, None), None)
    settings = config_for(tmp_path, 9, timeout_s=60, **WISH).mqtt
    peer = Peer(settings.endpoints[0], settings, "device", Random(1))
    with pytest.raises(TimeoutError):
        new_client(settings, peer.to, who, peer.versions, peer.abilities).carrier()
    assert told == [2.0] * 4


def test_a_thousand_records_are_eight(resolver: Callable[..., None]) -> None:
    """The best of them, so that the time of an attempt is not divided into nothing."""
    port = free_port()
    records = [srv(b"\4h%03d\3lan\7example\0" % n, priority=n) for n in range(999, 0, -1)]
    with answering(port, lambda q: header(q, len(records)) + b"".join(records)):
        resolver(port)
        found = brokers_in_dns(tls=False)
    assert [each.endpoint.host for each in found] == [f"h00{n}.lan.example" for n in range(1, 9)]


@pytest.mark.parametrize("text", ["", "nameserver nowhere\n", "search\n", "\0\xff" * 100])
def test_without_a_resolver_there_is_no_broker_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """As on a machine whose network is not up yet."""
    conf = tmp_path / "resolv.conf"
    conf.write_text(text, encoding="latin-1")
    monkeypatch.setattr(dns_srv, "RESOLV_CONF", str(conf))
    monkeypatch.setattr(dns_srv, "ASK_S", 0.3)
    assert brokers_in_dns(tls=False) == []
    monkeypatch.setattr(dns_srv, "RESOLV_CONF", str(tmp_path / "none"))
    assert brokers_in_dns(tls=False) == []
