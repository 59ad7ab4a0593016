"""Footage → vision → outbox → publisher → broker → a subscriber that prints what arrives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge.child import ENDING, die_with_parent
from edge.demo.broker import HOST, PROTOCOLS, broker
from edge.demo.footage import clip
from edge.demo.words import line, summary
from edge.errors import NOBODY_READS, UserError, why
from edge.messages.record_socket import socket_folder
from edge.output import say

WINDOW_S = 5
SITE = "demo"
CONNECT_S = 10.0
SETTLE_S = 0.5
"""How long the subscriber listens on after the sender has ended."""


class Subscriber:
    """A consumer like any other: it knows the broker and the topics, and prints messages."""

    def __init__(self, host: str, port: int, topics: str, *, as_json: bool) -> None:
        self.counts: list[dict[str, Any]] = []
        self.received: Counter[str] = Counter()
        self.unread = threading.Event()
        """Set when the reader of standard output has left."""
        self._as_json = as_json
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="demo-subscriber")
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_message = self._on_message
        self._client.connect(host, port)
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        kind = message.topic.split("/", 4)[-1]
        text = message.payload.decode()
        payload: Any = json.loads(text) if text.startswith("{") else text
        self.received[kind] += 1
        if kind == "counts":
            self.counts.append(payload)
        text = (
            json.dumps({"topic": message.topic, "payload": payload})
            if self._as_json
            else line(kind, payload)
        )
        try:
            print(text, flush=True)
        except BrokenPipeError:
            self.unread.set()


Place = tuple[str, int]
"""A broker's host and port."""


def demo(*, as_json: bool, there: Place | None = None) -> int:
    """Run the demo; 0 when people were counted and the broker delivered every window.

    `there`: a broker that runs already, instead of one of the demo's own.

    However it ends, but for a kill -9, everything it started ends with it.
    """
    for number in ENDING - {signal.SIGINT}:
        signal.signal(number, _leave)
    as_json = as_json or not sys.stdout.isatty()
    with socket_folder("agender-demo-") as scratch:
        return _shown(clip(scratch), scratch, there, as_json=as_json)


@contextmanager
def _broker(there: Place | None) -> Iterator[tuple[str, str, int]]:
    """Kind, host and port of the broker that is used; one of our own ends with the block."""
    if there is not None:
        host, port = there
        try:
            socket.create_connection(there, timeout=CONNECT_S).close()
        except OSError as error:
            raise UserError(f"--broker {host}:{port}: {why(error)}") from error
        yield "given", host, port
        return
    with broker() as (kind, port):
        yield kind, HOST, port


def _shown(footage: Path, scratch: Path, there: Place | None, *, as_json: bool) -> int:
    """Run everything on the clip and print what arrives; the status."""
    started_s = time.monotonic()
    with _broker(there) as (kind, host, port):
        say(f"{footage.name} → {kind} broker on {host}:{port} → here; about 25 s")
        settings = {
            "mqtt.host": host,
            "mqtt.port": port,
            "mqtt.protocol": PROTOCOLS.get(kind, "auto"),
            # Its entities would stay behind in somebody's home.
            "homeassistant.enabled": "true" if there is None else "false",
        }
        with _running(footage, scratch, settings) as process:
            subscriber = Subscriber(host, port, f"agender/v2/{SITE}/#", as_json=as_json)
            status = _wait(process, subscriber.unread)
            time.sleep(SETTLE_S)
            subscriber.close()
    if subscriber.unread.is_set():
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the exit
        return NOBODY_READS
    if status and not subscriber.received:  # who ended has said why
        return status
    words = summary(subscriber.counts, subscriber.received, kind, time.monotonic() - started_s)
    print(f"\n{words}", file=sys.stderr if as_json else sys.stdout)
    return status or int(not _right(subscriber.counts))


def _right(windows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether somebody was counted, and no window is missing or doubled."""
    numbers = [window["seq"] for window in windows]
    gapless = numbers == list(range(1, len(numbers) + 1))
    return gapless and any(window["people"] for window in windows)


def _leave(number: int, _frame: object) -> None:
    """A signal as an exception, so that the way out is the ordinary one."""
    sys.exit(128 + number)


@contextmanager
def _running(
    footage: Path, state: Path, at: Mapping[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    """`agender-edge run` as a user would start it, with a broker; it ends with the block."""
    settings = {
        "source.uri": footage,
        "source.realtime": "true",
        "window.length_s": WINDOW_S,
        "device.site": SITE,
        **at,
        "paths.state": state,
        "paths.runtime": state,
        "log.level": "warning",
    }
    command = [sys.executable, "-B", "-m", "edge", "run", "--until-end"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the subscriber's thread comes later
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], unread: threading.Event) -> int:
    """The status of the process; it is ended when nobody reads what it is shown for."""
    while process.poll() is None:
        if unread.wait(0.1):
            process.terminate()
            break
    return process.wait()
