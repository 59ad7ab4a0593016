"""The page's unit on a machine that really booted: what it sees, and that it asks nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.installed import PAGE

pytestmark = pytest.mark.slow

LIMIT_MB = 56

SWITCHED_ON = """
[page]
enabled = true
address = "0.0.0.0"
"""

VISIT = """
import http.client, re, sys, time
from urllib.parse import urlencode
def ask(method, path, cookie="", body=None):
    page = http.client.HTTPConnection("127.0.0.1", 8088, timeout=20)
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    page.request(method, path, body, {"Cookie": cookie, **kind})
    answer = page.getresponse()
    return (answer.headers.get("Set-Cookie") or "").split(";")[0] or cookie, answer.read().decode()
cookie, text = ask("GET", "/login")
token = re.search('name="token" value="([0-9a-f]+)"', text)[1]
cookie, _ = ask("POST", "/login", cookie, urlencode({"token": token, "password": sys.argv[1]}))
end_s = time.monotonic() + 60
while not re.search(sys.argv[2], text := ask("GET", "/", cookie)[1]):
    assert time.monotonic() < end_s, text
    time.sleep(0.5)
print(text)
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with the product installed and its three services running."""
    folder = tmp_path_factory.mktemp("machine")
    with Machine(installed.root(), installed.binds(), folder / "console") as booted:
        installed.install(booted)
        booted.write("/etc/agender-edge/config.toml", f"{installed.CONFIG}{SWITCHED_ON}")
        booted.write("/etc/credstore/agender-edge.page-password", "battery staple\n", 0o600)
        done = booted.run("systemctl", "start", *installed.UNITS, PAGE)
        assert done.returncode == 0, booted.journal(PAGE)
        yield booted


PEOPLE = r">(1 person|\d+ people)</p>"


def shown(machine: Machine, until: str, password: str = "battery staple") -> str:
    """The overview, once who knows the password sees this in it."""
    return machine.ok("python3", "-c", VISIT, password, until, timeout_s=90)


def test_it_shows_what_the_publisher_tells(machine: Machine) -> None:
    """With the password of credstore; history and outbox are read though they can't be written."""
    shown(machine, r"<dd>\d+</dd>")
    shown(machine, PEOPLE)
    assert machine.run("python3", "-c", VISIT, "wrong horse", "^$").returncode == 0
    assert "can't be read" not in machine.journal(PAGE)


def test_with_the_publisher_gone_it_goes_on_with_what_is_kept(machine: Machine) -> None:
    """SQLite then has nobody's help with a file that must not be written."""
    machine.ok("systemctl", "stop", *installed.UNITS)
    try:
        assert re.search(PEOPLE, shown(machine, "The publisher is not heard"))
    finally:
        machine.ok("systemctl", "start", *installed.UNITS)


def test_it_sees_nothing_of_camera_broker_and_vision_and_asks_nobody(machine: Machine) -> None:
    """Inside its sandbox: no device, no password of the broker's, no socket but the page's."""
    answer = json.loads(installed.probe(machine, PAGE, """
import json, os, socket, stat
tried = {}
def attempt(name, act):
    try:
        tried[name] = repr(act())
    except OSError:
        tried[name] = "refused"
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", 1883), 5))
attempt("notify", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect(
    "/run/systemd/notify"))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
for folder in ("/etc", "/home", "/usr", "/opt/agender-edge", "/var/lib/agender-edge", "/dev"):
    attempt(f"write {folder}", lambda: open(folder + "/probe", "w"))
attempt("mqtt password", lambda: open("/etc/credstore/agender-edge.mqtt-password").read())
for name in ("history.sqlite3", "outbox.sqlite"):
    attempt(f"write {name}", lambda: open("/var/lib/agender-edge/" + name, "r+"))
tried["credentials"] = os.listdir(os.environ["CREDENTIALS_DIRECTORY"])
tried["sockets"] = sorted(
    os.path.join(folder, name)
    for folder, _, names in os.walk("/run") for name in names
    if stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode)
)
tried["devices"] = [name for name in os.listdir("/dev") if name.startswith(("video", "media"))]
print(json.dumps(tried))
"""))  # fmt: skip
    assert answer.pop("credentials") == ["page-password"]
    assert answer.pop("devices") == []
    own = {"page.sock", "publisher.sock"}
    allowed = {f"/run/agender-edge/page/{name}" for name in own} | {"/run/systemd/notify"}
    assert set(answer.pop("sockets")) <= allowed
    assert set(answer.values()) == {"refused"}, answer


def test_memory_stays_within_what_the_unit_allows(machine: Machine) -> None:
    """After it was looked at."""
    shown(machine, PEOPLE)
    status = machine.ok("cat", f"/proc/{machine.show(PAGE, 'MainPID')['MainPID']}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    assert int(found[1]) * 1024 / 1e6 < LIMIT_MB


AIM = """
import http.client, json, re, sys, time
from urllib.parse import urlencode
def ask(method, path, cookie="", **form):
    page = http.client.HTTPConnection("127.0.0.1", 8088, timeout=20)
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    page.request(method, path, urlencode(form) if form else None, {"Cookie": cookie, **kind})
    answer = page.getresponse()
    return (answer.headers.get("Set-Cookie") or "").split(";")[0] or cookie, answer.read().decode()
token = lambda text: re.search('token" value="([0-9a-f]+)"', text)[1]
cookie, text = ask("GET", "/login")
cookie, _ = ask("POST", "/login", cookie, token=token(text), password="battery staple")
_, text = ask("GET", "/", cookie)
code = open("/run/aim.txt").readline().strip().partition("#")[2]
end_s = time.monotonic() + 30
while '"faces"' not in (told := ask("POST", "/aim/look", cookie, token=token(text), code=code)[1]):
    assert time.monotonic() < end_s, told
    time.sleep(0.2)
"""


def test_what_root_began_is_shown_to_a_browser_on_the_device(machine: Machine) -> None:
    """Out of the page's sandbox, which may open no connection; and it ends with what root began."""
    machine.ok("sh", "-c", "cd / && /opt/agender-edge/current/bin/agender-edge aim --page --for 60 "
               "--config /etc/agender-edge/config.toml >/run/aim.txt 2>&1 & "
               "echo $! >/run/aim.pid; while ! grep -q '#' /run/aim.txt; do sleep 0.2; done",
               timeout_s=60)  # fmt: skip
    machine.ok("python3", "-c", AIM, timeout_s=90)
    machine.ok("sh", "-c", "kill -TERM $(cat /run/aim.pid); sleep 2")
    assert machine.run("python3", "-c", AIM, timeout_s=90).returncode != 0


def test_switched_off_it_is_skipped_and_nothing_has_failed(machine: Machine) -> None:
    """By its condition, at every start of it."""
    switch = ("sed", "-i", "/^.page/,/^address/s/true/false/", "/etc/agender-edge/config.toml")
    machine.ok(*switch)
    try:
        machine.ok("systemctl", "restart", PAGE)
        assert machine.show(PAGE, "ActiveState") == {"ActiveState": "inactive"}
        assert machine.run("systemctl", "is-failed", PAGE).returncode != 0
    finally:
        back = (each.replace("true/false", "false/true") for each in switch)
        machine.ok(*back)
        machine.ok("systemctl", "restart", PAGE)


def test_a_page_beyond_the_loopback_does_not_start_without_a_password(machine: Machine) -> None:
    """One sentence in the journal, and it is not tried again."""
    plain = "/etc/credstore/agender-edge.page-password"
    machine.ok("mv", plain, f"{plain}.away")
    try:
        assert machine.run("systemctl", "restart", PAGE).returncode != 0
        assert "there is no password" in machine.journal(PAGE)
        assert machine.show(PAGE, "NRestarts")["NRestarts"] == "0"
    finally:
        machine.ok("mv", f"{plain}.away", plain)
        machine.ok("systemctl", "reset-failed", PAGE)
        machine.ok("systemctl", "restart", PAGE)


def test_the_doctor_sees_its_sandbox(machine: Machine) -> None:
    """Beside those of the other two."""
    done = machine.run("/opt/agender-edge/current/bin/agender-edge", "doctor", "--config",
                       "/etc/agender-edge/config.toml", timeout_s=120)  # fmt: skip
    (line,) = (line for line in done.stdout.splitlines() if PAGE in line)
    assert "no camera, no rights to gain, system calls filtered" in line
