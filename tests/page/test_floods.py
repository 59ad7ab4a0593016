"""Whoever sends more than a browser does, or takes less: the page stays small, and answers."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.config.page import Page
from edge.config.tables import Config
from edge.page import server as serving
from edge.page.server import (
    BEYOND_MAX,
    CLIENT_MAX,
    CONNECTIONS_MAX,
    NETWORK_MAX,
    Server,
    keep_bounds,
    server_of,
)
from edge.page.web import Environ, Start
from tests.page.support import Device, Visitor
from tests.publish.support import free_port, wait_for

BUDGET_KB = 40_000
"""What the page may take on a device. These answers, were they held, would be over a gigabyte."""
GET = b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"


def memory_kb(device: Device) -> int:
    """The most that the page ever held."""
    status = Path(f"/proc/{device.page.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    """A connection that takes as little at once as the kernel lets it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    made.settimeout(5)
    made.bind((source, 0))
    made.connect(("127.0.0.1", port))
    return made


def test_a_thousand_requests_at_once_are_one(guarded_device: Device) -> None:
    """Nobody without the password can have the page hold answers that he does not take."""
    held = []
    try:
        for place in range(CONNECTIONS_MAX // CLIENT_MAX):
            for _ in range(CLIENT_MAX):
                held.append(connected(guarded_device.port, f"127.0.1.{place + 1}"))
                held[-1].sendall(1_000 * GET)
        assert Visitor(guarded_device.port).get("/login").status == 200
    finally:
        for connection in held:
            connection.close()
    assert memory_kb(guarded_device) < BUDGET_KB


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("wanted", ["", "keep-alive", "close", "upgrade"])
def test_a_connection_ends_with_its_answer(open_device: Device, version: str, wanted: str) -> None:
    """Whatever is asked for; the answer is whole, and says so once."""
    head = f"GET /style.css HTTP/{version}\r\nHost: localhost\r\n"
    head += f"Connection: {wanted}\r\n" if wanted else ""
    with socket.create_connection(("127.0.0.1", open_device.port), timeout=5) as connection:
        connection.sendall(f"{head}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    told, _, body = answer.partition(b"\r\n\r\n")
    headers = [line.partition(": ") for line in told.decode().splitlines()[1:]]
    assert [value for name, _, value in headers if name == "Connection"] == ["close"]
    assert [int(value) for name, _, value in headers if name == "Content-Length"] == [len(body)]


@contextmanager
def served(app: Callable[[Environ, Start], Iterable[bytes]]) -> Iterator[Server]:
    """The server alone, in a thread."""
    server = server_of(Config(page=Page(enabled=True, port=free_port())), app)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        server._map.clear()  # else the loop goes on for what is not the server itself
        thread.join(10)
        server.task_dispatcher.shutdown()


@pytest.mark.parametrize("bound", ["REQUEST_S", "CONNECTION_S"])
def test_an_answer_that_nobody_takes_is_given_up(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """Where none of it is taken soon, and where a little is taken now and then."""
    monkeypatch.setattr(serving, bound, 0.2)

    def long(_: Environ, start: Start) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [bytes(8_000_000)]

    with served(long) as server, connected(server.adj.listen[0][3][1]) as connection:
        connection.sendall(GET)

        def is_closed() -> bool:
            if bound == "CONNECTION_S":
                connection.recv(4_096)
            return not server.active_channels

        assert connection.recv(1)
        wait_for(is_closed, 20, "its end")


def place(number: int) -> str:
    """An address of a machine's own, of IPv4."""
    return f"192.0.{number // 250}.{number % 250 + 1}"


@pytest.mark.parametrize(
    ("name", "address", "most"),
    [
        ("one machine", lambda _: "192.0.2.1", CLIENT_MAX),
        ("this machine", lambda _: "127.0.0.1", CLIENT_MAX),
        ("a machine of IPv6", lambda _: "2001:db8::1", CLIENT_MAX),
        ("one with a network of IPv6", lambda n: f"2001:db8::{n + 1:x}", NETWORK_MAX),
        ("one beside us with as many", lambda n: f"fe80::{n + 1:x}%eth0", NETWORK_MAX),
        ("all others", place, BEYOND_MAX),
    ],
)
def test_nobody_has_all_connections(name: str, address: Callable[[int], str], most: int) -> None:
    """And whoever is on the device itself gets in beside all of them."""
    channels = [SimpleNamespace(addr=(address(n), 1), will_close=False) for n in range(300)]
    keep_bounds(channels)  # type: ignore[arg-type]
    kept = [channel for channel in channels if not channel.will_close]
    assert kept == channels[:most], name
    own = SimpleNamespace(addr=("127.0.0.9", 1), will_close=False)
    keep_bounds([*kept, own])  # type: ignore[list-item]
    assert not own.will_close
    assert Counter(channel.will_close for channel in kept) == {False: most}
