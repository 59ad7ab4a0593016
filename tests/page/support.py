"""A device whose page is served for real: broker, publisher, page; in vision's place a thread."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from edge.messages.live import Answer, HealthNow, Hello, StateNow, VisionSocket
from edge.messages.messages import Health, ModelInfo, State
from edge.outbox.outbox import FILE_NAME as OUTBOX
from edge.outbox.outbox import Outbox
from tests.history.support import BERLIN, ZONE, kept, window
from tests.publish.support import Broker, free_port, health, spawn, state, wait_for
from tests.shared import MODELS

PASSWORD = "a good password"
PAGES = ("/", "/report", "/notice", "/part/now", "/part/figures", "/part/device",
         "/report.csv", "/report.json", "/report.html")  # fmt: skip
TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')

CONFIG = """
[device]
site = "shop"
name = "door"
[mqtt]
host = "127.0.0.1"
port = {broker}
reconnect_min_s = 0.1
reconnect_max_s = 0.2
[window]
timezone = "Europe/Berlin"
[page]
enabled = true
port = {port}
{page}
[paths]
state = "{folder}/state"
runtime = "{folder}/run"
models = "{models}"
[[space.zones]]
name = "shop"
polygon = [[0, 0], [1, 0], [1, 1]]
[[space.lines]]
name = "door"
start = [0, 0.5]
end = [1, 0.5]
"""


NETWORKS = tuple(
    ModelInfo(name=name, task=task, sha256="a" * 64)
    for name, task in (("libface_320x240_int8", "detect"), ("agender_64", "estimate"))
)


class Seeing(threading.Thread):
    """Tells what is set, as vision does, and carries out orders."""

    def __init__(self, runtime: Path) -> None:
        super().__init__(daemon=True)
        self.state: State = state(3, attending=1)
        self.health: Health = health(view_dark=False)
        self.orders: list[str] = []
        self.refuses: str | None = None
        self._over = threading.Event()
        self._socket = VisionSocket(runtime)

    def run(self) -> None:
        """Until it is ended."""
        with self._socket as vision:
            while not self._over.wait(0.05):
                for order in vision.receive():
                    self.orders.append(order.verb)
                    vision.send(Answer(id=order.id, error=self.refuses))
                vision.send(Hello(boot="482e688d", camera_kind="picamera", models=NETWORKS))
                vision.send(StateNow(state=self.state))
                vision.send(HealthNow(health=self.health))

    def end(self) -> None:
        """No word any more."""
        self._over.set()
        self.join()


class Device(NamedTuple):
    """What runs, and where."""

    folder: Path
    port: int
    broker: Broker
    seeing: Seeing
    publisher: subprocess.Popen[bytes]
    page: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What the page has said."""
        return (self.folder / "page.log").read_text()


def verb(name: str, folder: Path) -> list[str]:
    return [sys.executable, "-B", "-m", "edge", name, "--config", str(folder / "config.toml")]


def configure(folder: Path, broker: int, page: str = "", more: str = "") -> int:
    """Write the configuration; the page's port."""
    port = free_port()
    (folder / "password").write_text(f"{PASSWORD}\n")
    text = CONFIG.format(broker=broker, port=port, page=page, folder=folder, models=MODELS)
    (folder / "config.toml").write_text(text + more)
    (folder / "run").mkdir(exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    Outbox(folder / "state" / OUTBOX).close()
    return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def device(
    folder: Path,
    page: str = "",
    more: str = "",
    now: datetime | None = None,
    clock: Sequence[str] = (),
) -> Iterator[Device]:
    """A device that runs, its page ready and told of.

    Its history ends at `now`; `clock` is a command before the page's own, which tells it the time.
    """
    with ExitStack() as stack:
        broker = Broker(folder)
        stack.callback(broker.stop)
        port = configure(folder, broker.port, page, more)
        fill(folder, now)
        seeing = Seeing(folder / "run")
        seeing.start()
        stack.callback(seeing.end)
        log = stack.enter_context((folder / "page.log").open("wb"))
        publisher = spawn(verb("publisher", folder), stderr=subprocess.DEVNULL, process_group=0)
        serving = spawn([*clock, *verb("page", folder)], stderr=log, process_group=0)
        for process in (publisher, serving):
            stack.callback(_end, process)
        wait_for(lambda: listens(port), 20, "a page that listens")
        yield Device(folder, port, broker, seeing, publisher, serving)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)  # with what a clock before it has started
    process.wait(15)


def fill(folder: Path, now: datetime | None = None) -> None:
    """Nine weeks of history until an hour ago, quarters of an hour by day."""
    now = now or datetime.now(ZONE)
    windows = []
    for days in range(63, -1, -1):
        opens = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        for hour in range(24):
            start_s = opens.timestamp() + 3600 * hour
            if start_s < now.timestamp() - 3600:
                people = (5 * hour + 3 * days) % 17
                places = {"zone_shop_people": people // 2, "line_door_in": people}
                number = len(windows) + 1
                windows.append(window(start_s, number, people, minutes=60, places=places))
    kept(folder / "state", windows, BERLIN, each=500)


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Visitor:
    """A browser in short: it keeps cookies, and sends what it is told to."""

    def __init__(self, port: int, host: str | None = None) -> None:
        self.port, self.host = port, host or f"localhost:{port}"
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None,
            body: bytes = b"") -> Reply:  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Host": self.host, **({"Cookie": jar} if jar else {}), **(headers or {})}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Reply(answer.status, answer.headers, text)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.ask("GET", path, headers)

    def post(self, path: str, form: Mapping[str, str] | None = None,
             headers: Mapping[str, str] | None = None) -> Reply:  # fmt: skip
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form or {}).encode()
        return self.ask("POST", path, {**kind, **(headers or {})}, body)

    def token(self, path: str = "/") -> str:
        """What a form on this page has to bring back."""
        found = TOKEN.search(self.get(path).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str = PASSWORD) -> Reply:
        return self.post("/login", {"token": self.token("/login"), "password": password})


def until_shown(visitor: Visitor, text: str, path: str = "/part/now") -> str:
    """The part, once it shows a text; meanwhile the page may be starting."""
    end_s = time.monotonic() + 20
    shown = ""
    while text not in shown:
        assert time.monotonic() < end_s, shown
        time.sleep(0.05)
        with suppress(OSError):
            shown = visitor.get(path).text
    return shown
