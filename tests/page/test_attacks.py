"""Who must not: other sites, other machines, guessers, and whoever sends too much or too slowly."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from edge.page.server import CLIENT_MAX, REQUEST_S
from edge.page.sessions import SESSIONS_MAX, TRIES, Sessions
from tests.page.support import (
    PASSWORD,
    Device,
    Visitor,
    configure,
    device,
    until_shown,
    verb,
)

PAGES = ("/", "/report", "/notice", "/part/now", "/part/figures", "/part/device",
         "/report.csv", "/report.json", "/report.html")  # fmt: skip


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


# Other sites.


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


# Who has no password.


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


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ('address = "0.0.0.0"', "page.address = 0.0.0.0 lets other machines reach the page"),
        ('address = "::"', "there is no password"),
        ('address = "0.0.0.0"\npassword_file = "/nowhere"', "page.password_file = /nowhere"),
        ('password_file = "{folder}/short"', "has 5 letters; it should have 8 or more"),
        ('password_file = "{folder}/empty"', "the first line is empty"),
        ('address = "shop.example"', "expected an address of this machine in numbers"),
        ("port = 0", "page.port = 0"),
        ('hosts = ["http://shop.example/"]', "page.hosts"),
    ],
)
@pytest.mark.parametrize("verbs", [["page"], ["config", "check"]])
def test_what_would_be_unsafe_is_refused_in_a_sentence(
    tmp_path: Path, page: str, says: str, verbs: list[str]
) -> None:
    """Before it listens, and by `config check` too."""
    (tmp_path / "short").write_text("12345\n")
    (tmp_path / "empty").write_text("\n")
    configure(tmp_path, 1)
    text = (tmp_path / "config.toml").read_text()
    keys = page.format(folder=tmp_path)
    text = re.sub(r"port = \d+\n\n\[paths", f"{keys}\n[paths", text)
    (tmp_path / "config.toml").write_text(text)
    command = [*verb("x", tmp_path)[:-3], *verbs, "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_switched_off_it_says_how_to_switch_it_on(tmp_path: Path) -> None:
    """In a sentence, and with the status of a wrong configuration."""
    configure(tmp_path, 1)
    command = [*verb("page", tmp_path), "--set", "page.enabled=false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "page.enabled = false: set it to true" in done.stderr) == (2, True)


def test_a_port_that_is_taken_is_named(tmp_path: Path, open_device: Device) -> None:
    """With what the system says of it."""
    configure(tmp_path, 1)
    command = [*verb("page", tmp_path), "--set", f"page.port={open_device.port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"page.port = {open_device.port}: Address already in use" in done.stderr


# Whoever sends what nobody should.


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
