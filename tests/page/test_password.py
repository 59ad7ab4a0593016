"""Without the password nothing is shown or done, and guessing it is slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.page.sessions import SESSIONS_MAX, TRIES, Sessions
from tests.page.support import (
    PAGES,
    PASSWORD,
    Device,
    Visitor,
    device,
)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_before_the_password(guarded_device: Device, path: str) -> None:
    """Of figures, live state and configuration."""
    reply = Visitor(guarded_device.port).get(path)
    assert reply.status in (303, 401)
    assert "<dd>" not in reply.text
    assert "people" not in reply.text


def test_no_order_is_taken_before_the_password(guarded_device: Device) -> None:
    """Though the form of the log-in has a token."""
    visitor, before = Visitor(guarded_device.port), list(guarded_device.seeing.orders)
    reply = visitor.post("/pause", {"token": visitor.token("/login")})
    assert (reply.status, reply.headers["Location"]) == (303, "/login")
    assert guarded_device.seeing.orders == before


def test_the_password_lets_in_and_leaving_ends_it(guarded_device: Device) -> None:
    """A new id is given with it, which is worth nothing after leaving."""
    visitor = Visitor(guarded_device.port)
    visitor.get("/login")
    before = dict(visitor.cookies)
    assert visitor.log_in().headers["Location"] == "/"
    assert visitor.cookies != before, "an id from before would be worth the password now"
    assert "in view" in visitor.get("/").text
    inside = dict(visitor.cookies)
    visitor.post("/logout", {"token": visitor.token()})
    visitor.cookies = inside
    assert visitor.get("/").status == 303


def test_the_password_is_said_nowhere(guarded_device: Device) -> None:
    """Not in the log, which names who tried a wrong one, nor in a command line or page."""
    visitor = Visitor(guarded_device.port)
    visitor.log_in("wrong-wrong")
    assert "That is not the password." in visitor.get("/login").text
    visitor.log_in()
    said = guarded_device.log + visitor.get("/").text
    command = Path(f"/proc/{guarded_device.page.pid}/cmdline").read_text()
    assert "a wrong password from 127.0.0.1" in said
    assert PASSWORD not in said + command
    assert "wrong-wrong" not in said


def test_passwords_cannot_be_tried_one_after_the_other(tmp_path: Path) -> None:
    """After a few even the right one has to wait."""
    with device(tmp_path, f'password_file = "{tmp_path}/password"') as running:
        visitor = Visitor(running.port)
        tried = [visitor.log_in(f"guess {number}").status for number in range(TRIES.burst + 3)]
        assert tried == [303] * TRIES.burst + [429] * 3
        assert visitor.log_in().status == 429
        assert "Too many" in visitor.log_in().text


def test_guessers_are_told_apart_and_sessions_are_bounded() -> None:
    """One who guesses locks nobody else out; neither grows without end."""
    now = [0.0]
    sessions = Sessions(PASSWORD, lambda: now[0])
    while sessions.may_try("192.0.2.1"):
        pass
    assert sessions.may_try("192.0.2.2")
    while sessions.may_try("2001:db8::1"):
        pass
    assert not sessions.may_try("2001:db8:0:0:ffff::2"), "one household has many addresses"
    inside = [sessions.log_in(PASSWORD) or "" for _ in range(SESSIONS_MAX + 5)]
    assert sum(map(sessions.may_see, inside)) == SESSIONS_MAX
    now[0] = 13 * 3600.0
    assert not any(map(sessions.may_see, inside))
