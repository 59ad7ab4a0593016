"""Who a visitor is: by a cookie among those of others, by any name of ours, in several threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from edge.page.sessions import SESSIONS_MAX, TRIES, Said, Sessions
from tests.page.support import PASSWORD, Device, Visitor

T = TypeVar("T")
THREADS = 12


@pytest.mark.parametrize(
    "other",
    ['prefs={"theme":"dark"}', "name=a b c", 'open="quote', '"x"', "=", "x", "é=é", '{"a"}=1',
     "list=[1,2]", "agender_page_1=x", "$Version=1", "a=" + "b" * 3_500],
)  # fmt: skip
def test_cookies_of_other_programs_hide_none_of_ours(open_device: Device, other: str) -> None:
    """Those on localhost come to every port; whatever they are, forms go on working."""
    visitor = Visitor(open_device.port)
    token = visitor.token()
    (ours,) = (f"{name}={value}" for name, value in visitor.cookies.items())
    for sent in (f"{other}; {ours}", f"{ours}; {other}", f"{other};{ours};{other}"):
        headers = {"Cookie": sent.encode().decode("latin-1")}
        visitor.cookies = {}
        assert "Set-Cookie" not in visitor.get("/", headers).headers
        reply = visitor.post("/resume", {"token": token}, headers)
        assert (reply.status, reply.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("host", "port"),
    [("localhost", 80), ("127.0.0.1", 80), ("[::1]", 80), ("[::1]:8088", 8088),
     ("localhost:1", 1), ("192.168.1.7:08088", 8088)],
)  # fmt: skip
def test_the_cookie_is_called_by_the_port_alone(open_device: Device, host: str, port: int) -> None:
    """Of HTTP's own too, as a proxy has it: a name that every browser keeps and sends."""
    cookie = Visitor(open_device.port, host).get("/").headers["Set-Cookie"]
    assert cookie.startswith(f"agender_page_{port}=")


@pytest.mark.parametrize(
    "host", ["[::1%x; Domain=evil]", "[fe80::1%25eth0]:80", "localhost:80x", "localhost:1234567",
             "[::1]80", "[]", "::1", "127.0.0.1;x", "localhost:²"],
)  # fmt: skip
def test_nothing_of_a_name_gets_into_a_header(open_device: Device, host: str) -> None:
    """It is refused before anything is made of it."""
    reply = Visitor(open_device.port, host).get("/")
    assert reply.status in (400, 421)
    assert "Set-Cookie" not in reply.headers


def at_once(do: Callable[[], T]) -> list[T]:
    """What each of many threads gets that begin together."""
    found: list[T] = []
    start = threading.Barrier(THREADS)

    def run() -> None:
        start.wait()
        found.append(do())

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def slow_clock() -> float:
    """A clock at which another thread takes its turn."""
    time.sleep(0.002)
    return 1_000.0


def test_parts_renewed_together_find_their_visitor_inside() -> None:
    """None of them is sent to the log-in."""
    sessions = Sessions(PASSWORD, slow_clock)
    visitor = sessions.log_in(PASSWORD) or ""
    assert at_once(lambda: sessions.may_see(visitor)) == [True] * THREADS


def test_passwords_tried_together_are_as_few() -> None:
    """As one after the other."""
    sessions = Sessions(PASSWORD, slow_clock)
    assert sum(at_once(lambda: sessions.may_try("192.0.2.1"))) == TRIES.burst


def test_many_that_come_together_are_bounded_without_an_error() -> None:
    """Sessions, and what is to be told."""
    sessions = Sessions(PASSWORD, slow_clock)

    def come() -> bool:
        inside = [sessions.log_in(PASSWORD) or "" for _ in range(SESSIONS_MAX // 4)]
        for visitor in inside:
            sessions.say(visitor, Said("said_paused"))
        return True

    assert at_once(come) == [True] * THREADS
