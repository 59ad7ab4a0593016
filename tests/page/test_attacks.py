"""Whoever asks for files, sends too much, anything or too slowly, or brings a script in a name."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from edge.page.server import CLIENT_MAX, REQUEST_S
from tests.page.support import (
    PAGES,
    Device,
    Visitor,
    device,
    until_shown,
)


def raw(port: int, sent: bytes, wait_s: float = 10.0) -> bytes:
    """Bytes to the port → what comes back until it closes, or a while is over."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as connection:
        connection.sendall(sent)
        found = b""
        try:
            while more := connection.recv(65_536):
                found += more
        except (TimeoutError, ConnectionResetError):
            pass
        return found


@pytest.mark.parametrize(
    "path",
    ["/../config.toml", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/style.css/../../app.py",
     "/static/../app.py", "/%00", "/report.csv%00.html", "/part/../login", "/page.js/",
     "/texts/en.toml", "/history.sqlite3", "/.git/config", "/%c0%ae%c0%ae/"],
)  # fmt: skip
def test_no_path_leads_to_a_file(open_device: Device, path: str) -> None:
    """What is served is held in memory; a path is compared, and never opened."""
    assert Visitor(open_device.port).get(path).status == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 50_000 + b"\r\n\r\n", b"431"),
        (b"POST /pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n", b"413"),
        (b"POST /pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /pause HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
         b"Content-Length: 5\r\n\r\n0\r\n\r\n", b"40"),
        (b"POST /pause HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n", b"501"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
        (b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"421"),
    ],
)  # fmt: skip
def test_a_request_beyond_bounds_is_refused(
    open_device: Device, sent: bytes, status: bytes
) -> None:
    """Too long, contradictory, or none at all; and the page goes on."""
    reply = raw(open_device.port, sent, 1.0)
    assert status in reply.partition(b"\r\n")[0]
    assert open_device.seeing.orders.count("pause") == 0
    assert Visitor(open_device.port).get("/login").status == 303


def test_random_bytes_end_nothing(open_device: Device) -> None:
    """A hundred of them, and cookies and queries of the like."""
    random = Random(20)
    for _ in range(100):
        raw(open_device.port, random.randbytes(200) + b"\r\n\r\n", 0.05)
    visitor = Visitor(open_device.port)
    for odd in ("=;=;", 'a="\\x"; b', "agender_language=../../etc; $Version=1", "é" * 9):
        assert visitor.get("/", {"Cookie": odd.encode("utf-8").decode("latin-1")}).status == 200
    for odd in ("a=b&" * 100, "language=../../en", "kind=%00&date=%ff%fe", "language=%7B0%7D"):
        assert visitor.get(f"/report?{odd}").status == 200


@pytest.mark.slow
def test_slow_requests_keep_nobody_out(open_device: Device) -> None:
    """Connections that send a byte now and then are closed, and another machine is served."""
    slow = []
    for _ in range(4 * CLIENT_MAX):
        connection = socket.create_connection(
            ("127.0.0.1", open_device.port), timeout=5, source_address=("127.0.0.2", 0)
        )
        slow.append(connection)
        with suppress(OSError):  # those beyond CLIENT_MAX are closed at once
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    assert Visitor(open_device.port).get("/login").status == 303
    closed: set[int] = set()
    end_s = time.monotonic() + 3 * REQUEST_S
    while len(closed) < len(slow) and time.monotonic() < end_s:
        for place, connection in enumerate(slow):
            try:
                connection.sendall(b"a")
            except OSError:
                closed.add(place)
        assert Visitor(open_device.port).get("/login").status == 303
        time.sleep(0.5)
    for connection in slow:
        connection.close()
    assert len(closed) == len(slow)


def test_no_name_can_bring_a_script_into_the_page(tmp_path: Path) -> None:
    """Names of places are checked when read; what an operator writes is text everywhere."""
    hostile = "<script>alert(1)</script>\"'&"
    operator = "\n".join(f"{key} = '''{hostile}'''" for key in ("name", "contact", "purpose"))
    hours = 'opening_hours = "Mo-Su 00:00-24:00"'
    with device(tmp_path, more=f"[operator]\n{operator}\n[history]\n{hours}\n") as running:
        visitor = Visitor(running.port)
        until_shown(visitor, "<dd>3</dd>")
        for path in (*PAGES, "/report?kind=<script>&date=<script>", "/?language=<script>"):
            assert "<script>alert" not in visitor.get(path.replace("<", "%3C")).text
        running.seeing.refuses = hostile
        visitor.post("/pause", {"token": visitor.token()})
        shown = visitor.get("/").text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
