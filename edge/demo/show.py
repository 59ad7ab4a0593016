"""Footage → vision → outbox → publisher → broker → a subscriber that prints what arrives."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge.demo.broker import HOST, PROTOCOLS, broker
from edge.demo.footage import clip
from edge.demo.words import line, summary

WINDOW_S = 5
SETTLE_S = 0.5
"""How long the subscriber listens on after the sender has ended."""


class Subscriber:
    """A consumer like any other: it knows the broker and the topics, and prints messages."""

    def __init__(self, port: int, *, as_json: bool) -> None:
        self.counts: list[dict[str, Any]] = []
        self.received: Counter[str] = Counter()
        self._as_json = as_json
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="demo-subscriber")
        self._client.on_connect = lambda client, *_: client.subscribe("agender/v1/#", qos=1)
        self._client.on_message = self._on_message
        self._client.connect(HOST, port)
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
        if self._as_json:
            print(json.dumps({"topic": message.topic, "payload": payload}), flush=True)
        else:
            print(line(kind, payload, message.topic), flush=True)


def demo(*, as_json: bool) -> int:
    """Run the demo; 0 when people were counted and the broker delivered every window."""
    as_json = as_json or not sys.stdout.isatty()
    footage = clip()
    started_s = time.monotonic()
    with (
        broker() as (kind, port),
        tempfile.TemporaryDirectory(prefix="agender-demo-") as state,
    ):
        print(f"{footage.name} → {kind} on {HOST}:{port} → here; about 25 s", file=sys.stderr)
        subscriber = Subscriber(port, as_json=as_json)
        try:
            status = _run(footage, port, PROTOCOLS[kind], Path(state))
            time.sleep(SETTLE_S)
        finally:
            subscriber.close()
    words = summary(subscriber.counts, subscriber.received, kind, time.monotonic() - started_s)
    print(f"\n{words}", file=sys.stderr if as_json else sys.stdout)
    return status if subscriber.counts else status or 1


def _run(footage: Path, port: int, protocol: str, state: Path) -> int:
    """`agender-edge run` as a user would start it; its status."""
    settings = {
        "source.uri": footage,
        "source.realtime": "true",
        "window.length_s": WINDOW_S,
        "device.site": "demo",
        "mqtt.host": HOST,
        "mqtt.port": port,
        "mqtt.protocol": protocol,
        "paths.state": state,
        "paths.runtime": state,
        "log.level": "warning",
    }
    command = [sys.executable, "-B", "-m", "edge", "run", "--until-end"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait() or 130
