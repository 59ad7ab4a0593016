"""No other site can use the page: names, forms, cookies, links, and what browsers are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.page.support import (
    PAGES,
    Device,
    Visitor,
)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example",
                                  "localhost.evil.example", "", "[::1", "localhost:80:80",
                                  "localhost@evil.example", "2130706433.evil.example"])  # fmt: skip
def test_a_name_that_is_not_ours_is_answered_with_nothing(open_device: Device, host: str) -> None:
    """DNS rebinding: a site's own name that points here leads to a refusal, whatever is asked."""
    visitor = Visitor(open_device.port)
    visitor.host = host.format(port=open_device.port)
    for path in (*PAGES, "/style.css", "/login"):
        reply = visitor.get(path)
        assert reply.status in (400, 421)
        assert "token" not in reply.text
        assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:1",
                                  "192.168.1.7:{port}", "{machine}", "{machine}.local.",
                                  "proxy.example"])  # fmt: skip
def test_names_of_ours_are_known(tmp_path: Path, open_device: Device, host: str) -> None:
    """Addresses in numbers, this machine's own name, and those configured."""
    from edge.page.guard import Names  # noqa: PLC0415

    names = Names(["Proxy.example"], "Door.lan")
    assert names.knows(host.format(port=open_device.port, machine="door").lower())


def test_no_form_of_another_site_does_anything(open_device: Device) -> None:
    """CSRF: without the token, with another visitor's, or from another page it is refused."""
    visitor, other = Visitor(open_device.port), Visitor(open_device.port)
    token, before = visitor.token(), list(open_device.seeing.orders)
    forged = [
        visitor.post("/pause"),
        visitor.post("/pause", {"token": other.token()}),
        visitor.post("/pause", {"token": token}, {"Origin": "http://evil.example"}),
        visitor.post("/pause", {"token": token}, {"Origin": "null"}),
        visitor.ask("POST", f"/pause?token={token}"),
        visitor.ask("POST", "/pause", {"Content-Type": "text/plain"}, f"token={token}".encode()),
        Visitor(open_device.port).post("/pause", {"token": token}),
        visitor.get(f"/pause?token={token}"),
    ]
    assert {reply.status for reply in forged} == {403, 405}
    assert open_device.seeing.orders == before


def test_the_cookie_is_kept_from_scripts_and_other_sites(open_device: Device) -> None:
    """HttpOnly, and sent with what our own pages ask for alone."""
    cookie = Visitor(open_device.port).get("/").headers["Set-Cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=Strict" in cookie


def test_a_link_on_another_site_logs_nobody_out(guarded_device: Device) -> None:
    """A browser keeps the cookie back then; the answer is to ask again, with it."""
    reply = Visitor(guarded_device.port).get("/", {"Sec-Fetch-Site": "cross-site"})
    assert "Set-Cookie" not in reply.headers
    assert 'http-equiv="refresh"' in reply.text


def test_every_answer_tells_a_browser_to_keep_to_itself(open_device: Device) -> None:
    """No other site may be asked, no script run that stands in a page, no frame drawn around it."""
    visitor = Visitor(open_device.port)
    for path in (*PAGES, "/login", "/style.css", "/page.js", "/none", "/pause"):
        headers = visitor.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy or path == "/notice"
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers
        assert "Access-Control-Allow-Origin" not in headers
