"""One connect over all addresses of a name: one bound, and no address hides another."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish import dial as dialling
from edge.publish import lookup, service
from edge.publish.dial import _in_turns, dial
from tests.publish.support import Broker, config_for, drive, free_port, make_publisher

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
DEAD_V6: Address = (socket.AF_INET6, ("2001:db8::1", 1883, 0, 0))  # RFC 3849: of documents only


class Dropping:
    """Loopback addresses whose packets go nowhere: the queue of each listener is full."""

    def __init__(self, addresses: int) -> None:
        self._open: list[socket.socket] = []
        self.addresses: list[Address] = []
        for number in range(2, addresses + 2):
            listener = socket.create_server((f"127.0.0.{number}", 0), backlog=0)
            where = listener.getsockname()
            self._open.append(listener)
            self.addresses.append((socket.AF_INET, where))
            for _ in range(2):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(where)
                self._open.append(filler)

    def close(self) -> None:
        for held in self._open:
            held.close()


@pytest.fixture
def dropping() -> Iterator[Dropping]:
    """Eight addresses that never answer."""
    made = Dropping(8)
    yield made
    made.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a name stand for addresses, to this process only."""

    def stand_for(addresses: list[Address]) -> None:
        answer = [(family, socket.SOCK_STREAM, 6, "", where) for family, where in addresses]
        monkeypatch.setattr(dialling.socket, "getaddrinfo", lambda *_, **__: answer)

    return stand_for


def test_one_that_answers_is_found_behind_eight_that_do_not(
    broker: Broker, dropping: Dropping, names: Any, tmp_path: Path
) -> None:
    """Within the bound of a single connect; before, each silent address cost the whole of it."""
    good: Address = (socket.AF_INET, ("127.0.0.1", broker.port))
    names([DEAD_V6, *dropping.addresses, good])
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, broker.port, host="hub.test", timeout_s=2))
    publisher.step(0.0)  # blocks while it connects
    assert publisher.connection.fileno() is not None
    drive(publisher, lambda: publisher.connection.up)
    publisher.connection.close()


def test_eight_that_drop_packets_share_one_bound(
    dropping: Dropping, names: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The attempt ends when one address's time is over, and says what is the matter."""
    caplog.set_level(logging.WARNING)
    names(dropping.addresses)
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, 1883, host="hub.test", timeout_s=1))
    before_s = time.monotonic()
    publisher.step(0.0)
    assert time.monotonic() - before_s < 8  # as long as eight bounds, before
    assert "the broker does not answer" in caplog.text


def test_every_address_is_tried_within_the_bound(dropping: Dropping, names: Any) -> None:
    """However short it is, the last of many addresses has its turn."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        names([*dropping.addresses, (socket.AF_INET, server.getsockname())])
        with dial("hub.test", 1, 0.5) as connected:
            assert connected.getpeername() == server.getsockname()


def test_a_name_with_thousands_of_addresses_opens_few_sockets(
    names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever answers for it could let all devices knock at thousands of doors."""
    asked: list[Any] = []
    names([(socket.AF_INET, (f"127.1.{n // 250}.{n % 250 + 1}", 9)) for n in range(4_000)])
    begin = dialling._begin
    monkeypatch.setattr(
        dialling, "_begin", lambda where, *rest: asked.append(where) or begin(where, *rest)
    )
    with pytest.raises(OSError):
        dial("hub.test", 9, 1)
    assert len(asked) == dialling.MAX_ADDRESSES


@pytest.mark.parametrize(
    ("addresses", "wanted"),
    [
        ([("127.0.0.1", None)], ConnectionRefusedError),
        ([("127.0.0.1", None), ("127.0.0.2", None)], ConnectionRefusedError),
    ],
)
def test_a_refusal_by_all_is_a_refusal(addresses: list, wanted: type, names: Any) -> None:
    """The error is that of the addresses, at once, not a bound that ran out."""
    names([(socket.AF_INET, (host, free_port())) for host, _ in addresses])
    with pytest.raises(wanted):
        dial("hub.test", 1, 60)


def test_a_resolver_that_hangs_costs_no_more_than_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own patience is longer than a watchdog's, and can't be set."""
    over = threading.Event()
    monkeypatch.setattr(dialling.socket, "getaddrinfo", lambda *_, **__: over.wait(60) and [])
    with pytest.raises(socket.gaierror, match="resolver"):
        dial("hub.test", 1, 0.1)
    over.set()


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A name server that keeps every look-up of a name until the event is set."""
    over = threading.Event()
    real = socket.getaddrinfo

    def held(host: str, *rest: Any, **more: Any) -> Any:
        return real(host, *rest, **more) if host == "127.0.0.1" else over.wait(60) and []

    monkeypatch.setattr(lookup.socket, "getaddrinfo", held)
    yield over
    over.set()
    end_s = time.monotonic() + 10
    while lookup._under_way and time.monotonic() < end_s:
        time.sleep(0.01)


def test_look_ups_that_are_kept_for_ever_are_bounded(holding: threading.Event) -> None:
    """Over TCP the system's resolver waits without end, and the unit allows 32 threads in all."""
    for number in range(2 * lookup.MOST):
        with pytest.raises(socket.gaierror, match="resolver"):
            dial(f"hub{number}.test", 1, 0.01)
    held = [thread for thread in threading.enumerate() if thread.name == "resolve"]
    assert len(held) == lookup.MOST
    with socket.create_server(("127.0.0.1", 0)) as server:
        dial("127.0.0.1", server.getsockname()[1], 5).close()  # an address asks nobody
    assert not lookup.clogged(), "they may end yet"
    holding.set()
    for thread in held:
        thread.join(5)
    assert not lookup._under_way


def test_without_another_thread_it_is_a_failed_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the limit of the unit; the connection is tried again later."""

    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(lookup.Thread, "start", refuse)
    with pytest.raises(socket.gaierror, match="resolver"):
        dial("hub.test", 1, 5)
    assert not lookup._under_way


def test_who_can_look_up_nothing_any_more_starts_anew(
    holding: threading.Event, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Threads can't be ended: the process becomes itself again, and the windows wait for it."""
    monkeypatch.setattr(lookup, "CLOGGED_S", 0.0)
    anew: list[bool] = []
    monkeypatch.setattr(service, "start_anew", lambda: anew.append(True))
    Outbox(tmp_path / FILE_NAME).close()
    keys = {"reconnect_min_s": 0.1, "reconnect_max_s": 0.1, "timeout_s": 0.1}
    for number in range(lookup.MOST):
        with pytest.raises(socket.gaierror):
            dial(f"hub{number}.test", 1, 0.01)
    assert service.publish(config_for(tmp_path, 9, host="hub.test", **keys)) == 0
    assert anew


def test_a_name_that_is_none_is_a_failed_look_up() -> None:
    """What the encoding of names refuses is an error of the name as well."""
    with pytest.raises(socket.gaierror):
        dial("a" * 64 + ".test", 1, 5)


@given(st.lists(st.sampled_from([socket.AF_INET, socket.AF_INET6]), min_size=1, max_size=12))
def test_families_take_turns(families: list[socket.AddressFamily]) -> None:
    """All addresses, each family in the resolver's order, and they alternate while both last."""
    addresses = [(family, number) for number, family in enumerate(families)]
    turns = _in_turns(addresses)
    assert sorted(turns, key=lambda a: a[1]) == addresses
    for family in set(families):
        numbers = [number for kind, number in turns if kind == family]
        assert numbers == sorted(numbers)
    if len(set(families)) == 2:
        both = min(families.count(family) for family in set(families))
        head = [kind for kind, _ in turns[: 2 * both]]
        assert all(a != b for a, b in itertools.pairwise(head))
