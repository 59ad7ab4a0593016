"""What the publisher's tests share: windows, a real mosquitto, a subscriber, a loop to drive."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.config.broker import Mqtt, OutboxBounds
from edge.config.tables import Config, Device, Paths
from edge.messages.bands import AGES, TOLD_GENDERS, cell_key
from edge.messages.counts import Counts, CountsHead
from edge.messages.fields import timestamp
from edge.messages.live import PublisherSocket
from edge.messages.messages import Health, State
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.publisher import Publisher, Surroundings
from edge.publish.service import turn

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

STARTED: list[Callable[[], None]] = []
"""What ends the things that a test has started; run after it, however it went."""

NO_MOMENTS = (
    "2026-99-99T99:99:99.000Z", "2026-02-29T00:00:00.000Z", "2026-01-01T24:01:00.000Z",
    "2026-01-01T23:59:60.000Z", "0000-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
    "9999-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
"""Of a stamp's form, and no moments that one may tell of."""


def end_all() -> None:
    """End what was started, the last first."""
    while STARTED:
        STARTED.pop()()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Whatever a test started ends with it, failed or not; for the tests of who imports this."""
    yield
    end_all()


def spawn(command: list[str], **more: Any) -> subprocess.Popen[Any]:
    """Start a process in the repository's root; it ends with the test at the latest."""
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], **more)

    def end() -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    STARTED.append(end)
    return process


NOBODY: dict[str, Any] = {
    name: 0
    for age in AGES
    for name in (f"age_{age}", *(cell_key(gender, age) for gender in TOLD_GENDERS))
}
"""Every total and cell of a window in the fine bands."""


def counts(minute: int = 0, **changes: Any) -> CountsHead:
    """The window of one minute after 1 January 2026, with a few people in it."""
    start_s = 1_767_225_600.0 + 60 * minute
    values: dict[str, Any] = NOBODY | {
        "seq": 0,
        "boot": "b1",
        "start": timestamp(start_s),
        "end": timestamp(start_s + 60),
        "window_s": 60.0,
        "observed_s": 59.5,
        "frames_seen": 600,
        "folding": "none:1",
        "clock_synced": True,
        "people": 3,
        "female": 1,
        "male": 1,
        "gender_unknown": 1,
        "age_25_34": 2,
        "age_unknown": 1,
        "female_25_34": 1,
        "male_25_34": 1,
        "model": "ssrnet_age_imdb",
    }
    return Counts(**(values | changes))


def state(present: int = 1, **changes: Any) -> State:
    return State(**({"time": timestamp(0), "present": present, "attending": 0} | changes))


def health(**changes: Any) -> Health:
    values: dict[str, Any] = {
        "time": timestamp(0),
        "uptime_s": 12.0,
        "camera_ok": True,
        "fps_camera": 10.0,
        "fps_processed": 9.5,
        "frames_skipped": 3,
        "stage_capture_ms": 1.0,
        "stage_detect_ms": 20.0,
        "stage_people_ms": 0.5,
        "stage_estimate_ms": 5.0,
        "temperature_celsius": 48.5,
        "throttled": False,
        "vision_memory_mb": 120.0,
        "clock_synced": True,
    }
    return Health(**(values | changes))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A real mosquitto on a loopback port; `extra` are lines of its configuration."""

    def __init__(self, folder: Path, *extra: str, anonymous: bool = True) -> None:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed (apt install mosquitto)")
        self.port = free_port()
        self._log = folder / f"mosquitto-{self.port}.log"
        self._conf = folder / f"mosquitto-{self.port}.conf"
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'true' if anonymous else 'false'}",
            "user root",
            "max_queued_messages 0",
            *extra,
        ]
        self._conf.write_text("\n".join(lines) + "\n")
        STARTED.append(self.stop)
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [MOSQUITTO, "-c", str(self._conf)], stdout=log, stderr=log
            )
        wait_for(self._listens, 10, f"mosquitto: {self._log.read_text()}")

    def _listens(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


class Subscriber:
    """Collects all that a broker hands on, in order: (topic, payload, retained)."""

    def __init__(self, port: int, topic: str = "#", *, qos: int = 1, ca: Path | None = None,
                 **login: str) -> None:  # fmt: skip
        self.heard: list[tuple[str, bytes, bool]] = []
        self._topic, self._qos = topic, qos
        self._ready = False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{port}-{topic}",
                                  clean_session=False)  # fmt: skip
        if login:
            self.client.username_pw_set(login["username"], login["password"])
        if ca is not None:
            self.client.tls_set(str(ca))
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        STARTED.append(self.close)
        wait_for(lambda: self._ready, 10, "the subscription")

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(self._topic, qos=self._qos)

    def _on_subscribe(self, *_: Any) -> None:
        self._ready = True

    def _on_message(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload), message.retain))

    def lost(self) -> None:
        """The broker has been killed: `is_back` waits for a new subscription."""
        self._ready = False

    def is_back(self) -> bool:
        return self._ready

    def of(self, suffix: str) -> list[Any]:
        """The payloads of all topics that end so, decoded where they are JSON."""
        return [_decoded(data) for topic, data, _ in list(self.heard) if topic.endswith(suffix)]

    def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return data.decode(errors="replace")


def config_for(folder: Path, port: int, **mqtt_changes: Any) -> Config:
    """A device called shop/door whose files lie in `folder`."""
    settings: dict[str, Any] = {
        "host": "127.0.0.1", "port": port, "reconnect_min_s": 0.05, "reconnect_max_s": 0.2,
        "refused_retry_s": 0.3, "timeout_s": 3.0,
    }  # fmt: skip
    return Config(
        device=Device(site="shop", name="door"),
        mqtt=Mqtt(**(settings | mqtt_changes)),
        outbox=OutboxBounds(),
        paths=Paths(state=str(folder), runtime=str(folder)),
    )


def make_publisher(config: Config, *, live: PublisherSocket | None = None) -> Publisher:
    """A publisher over the outbox of the configuration's folder."""
    outbox = Outbox(Path(config.paths.state) / FILE_NAME, owner=False)
    return Publisher(config, outbox, live, Surroundings(Random(7)))


@contextmanager
def back_log(folder: Path, windows: int) -> Iterator[Outbox]:
    """Vision's end of an outbox in which so many windows wait."""
    with Outbox(folder / FILE_NAME) as opened:
        for minute in range(windows):
            opened.append(counts(minute))
        yield opened


def drive(publisher: Publisher, until: Callable[[], bool], limit_s: float = 15.0) -> None:
    """Turn the publisher's loop until something is true."""
    end_s = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < end_s, "it did not happen in time"
        turn(publisher, None)


def wait_for(condition: Callable[[], bool], limit_s: float, what: str) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, f"not in {limit_s} s: {what}"
        time.sleep(0.01)
