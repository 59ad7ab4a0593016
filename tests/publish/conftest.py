"""A real broker and a real subscriber for each test that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish import dial, dns_srv, mdns
from tests.publish.name_server import DOMAIN
from tests.publish.support import Broker, Subscriber, nothing_left_running

__all__ = ["nothing_left_running"]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Vision's end of the outbox."""
    with Outbox(tmp_path / FILE_NAME) as opened:
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """mosquitto, open to anybody on the loopback."""
    running = Broker(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    """Hears everything the broker hands on."""
    listening = Subscriber(broker.port)
    yield listening
    listening.close()


@pytest.fixture
def resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Points the search at a server on loopback; multicast DNS is silent here."""
    monkeypatch.setattr(mdns, "brokers_nearby", lambda **_: [])

    def point(port: int, *lines: str) -> None:
        conf = tmp_path / "resolv.conf"
        conf.write_text("\n".join(("nameserver 127.0.0.1", *(lines or (f"search {DOMAIN}",)), "")))
        monkeypatch.setattr(dns_srv, "RESOLV_CONF", str(conf))
        monkeypatch.setattr(dns_srv, "PORT", port)

    point(9)
    return point


@pytest.fixture
def loopback_is_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' brokers listen there alone, and are taken as if they were other machines."""
    monkeypatch.setattr(dial, "is_this_machine", lambda _address: False)
