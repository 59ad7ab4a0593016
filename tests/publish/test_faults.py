"""Delivery through everything that can go wrong at once.

AGENDER_FAULT_WINDOWS sets how many windows the slow run delivers (default 10,000).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from edge.messages.consumer import Consumer, Verdict
from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.certificates import Authority
from tests.publish.guarded import SECRET, guarded_broker, password_file, tls_lines
from tests.publish.proxy import FaultProxy
from tests.publish.support import Broker, Subscriber, spawn, wait_for

SLOW_WINDOWS = int(os.environ.get("AGENDER_FAULT_WINDOWS", "10000"))
FAULT_S = (0.1, 0.6)
"""Least and most time between two faults beside the proxy's own."""


class Ordeal:
    """Vision and publisher as real processes, a real broker, and a proxy that spoils the line."""

    def __init__(
        self, state: Path, consumer: Subscriber, broker: Broker, windows: int, bound: int
    ) -> None:
        random = Random(windows + bound)
        self.random, self.broker, self.consumer, self.state = random, broker, consumer, state
        self.windows, self.bound = windows, bound
        self.faults: Counter[str] = Counter()
        self.proxy = FaultProxy(broker.port, random)
        self.ballast = state / "ballast"
        self._boots = 0
        self._log = (state.parent / "processes.log").open("ab")
        self.vision = self._vision()
        self.publisher = self._publisher()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        return spawn([sys.executable, "-B", "-m", *command], stdout=self._log, stderr=self._log)

    def _vision(self) -> subprocess.Popen[bytes]:
        self._boots += 1
        return self._spawn("tests.publish.vision_stand_in", str(self.state), f"b{self._boots}",
                           str(self.windows), str(self.bound))  # fmt: skip

    def _publisher(self) -> subprocess.Popen[bytes]:
        keys = {
            "device.site": "shop", "device.name": "door", "mqtt.host": "127.0.0.1",
            "mqtt.port": self.proxy.port, "mqtt.timeout_s": 1.0, "mqtt.reconnect_min_s": 0.02,
            "mqtt.reconnect_max_s": 0.2, "mqtt.refused_retry_s": 0.2, "mqtt.tls": "true",
            "mqtt.ca_file": self.state.parent / "ca.pem", "mqtt.username": "door",
            "mqtt.password_file": password_file(self.state.parent),
            "paths.state": self.state, "paths.runtime": self.state,
        }  # fmt: skip
        flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
        return self._spawn("edge", "publisher", *flags)

    def spoil(self) -> None:
        """Do one thing that must not matter."""
        kind = self.random.choice(("kill vision", "kill publisher", "kill broker", "fill disk"))
        if kind == "kill vision" and self.vision.poll() is None:
            self.vision.kill()
            self.vision.wait()
        elif kind == "kill publisher":
            self.publisher.kill()
            self.publisher.wait()
            self.publisher = self._publisher()
        elif kind == "kill broker":
            self._kill_broker()
        elif kind == "fill disk" and self.state.is_mount():
            with self.ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            time.sleep(self.random.uniform(0, 0.3))
            self.ballast.unlink()
        else:
            return
        self.faults[kind] += 1
        if self.vision.poll() not in (None, 0):
            self.vision = self._vision()

    def _kill_broker(self) -> None:
        """Kill and restart it; nobody gets in before the consumer is back.

        What a broker acknowledged and had not yet handed on dies with it, and no device can
        know; with the consumer there, mosquitto hands a window on before it acknowledges it.
        """
        self.proxy.shut = True
        self.broker.kill()
        self.consumer.lost()
        time.sleep(self.random.uniform(0, 0.3))
        self.broker.start()
        wait_for(self.consumer.is_back, 20, "the consumer's return")
        self.proxy.shut = False

    def settle(self) -> None:
        """No more faults: wait until vision has stored and the publisher has sent everything."""
        self.proxy.faulty = False
        if self.vision.poll() not in (None, 0):
            self.vision = self._vision()
        assert self.vision.wait(120) == 0
        with Outbox(self.state / FILE_NAME, owner=False) as outbox:
            wait_for(lambda: outbox.depth() == 0, 120, "an empty outbox")
            self.dropped = outbox.dropped()
        self.publisher.send_signal(signal.SIGTERM)
        assert self.publisher.wait(10) == 0
        self.faults.update(self.proxy.struck)

    def close(self) -> None:
        for process in (self.vision, self.publisher):
            process.kill()
            process.wait()
        self.proxy.close()
        self._log.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB that can be filled, where we may mount one; else a folder."""
    disk = tmp_path / "state"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(disk)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    yield disk
    if mounted:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize(
    ("windows", "bound"),
    [
        pytest.param(400, 50_000, id="short"),
        pytest.param(SLOW_WINDOWS, 50_000, id="long", marks=pytest.mark.slow),
        pytest.param(SLOW_WINDOWS, 500, id="bounded", marks=pytest.mark.slow),
    ],
)
def test_no_fault_loses_or_disorders_a_window(
    tmp_path: Path, small_disk: Path, windows: int, bound: int
) -> None:
    """Every number arrives, in order once repeats are dropped, but for what the bound dropped."""
    authority = Authority(tmp_path)
    broker = guarded_broker(tmp_path, *tls_lines(authority))
    # At QoS 0 a window is on its way to the consumer before it is acknowledged to the device, and
    # the consumer has nothing to answer: a broker killed then can't take it back.
    consumer = Subscriber(broker.port, "agender/v2/shop/door/counts", qos=0,
                          ca=authority.ca, username="viewer", password=SECRET)  # fmt: skip
    ordeal = Ordeal(small_disk, consumer, broker, windows, bound)
    try:
        while ordeal.vision.poll() != 0:
            time.sleep(ordeal.random.uniform(*FAULT_S))
            ordeal.spoil()
        ordeal.settle()
        wait_for(lambda: _heard_up_to(consumer, windows), 30, "the last window at the consumer")
    finally:
        ordeal.close()
        consumer.close()
        broker.stop()
    _judge(consumer, ordeal)


def _heard_up_to(consumer: Subscriber, seq: int) -> bool:
    return any(c["seq"] >= seq for c in consumer.of("counts"))


def _judge(consumer: Subscriber, ordeal: Ordeal) -> None:
    following, kept, repeats = Consumer(), [], 0
    for counts in consumer.of("counts"):
        if following.take("door", counts["numbering"], counts["seq"]) is Verdict.REPEAT:
            repeats += 1
        else:
            kept.append(counts["seq"])
    missing = sum(gap.windows for gap in following.missing("door"))
    print(f"\n{kept[-1]} windows, {repeats} repeats, {missing} missing, "
          f"{ordeal.dropped} dropped by the bound; faults: {dict(ordeal.faults)}")  # fmt: skip
    assert kept == sorted(kept)
    assert kept[0] == 1 or ordeal.dropped
    assert missing + kept[0] - 1 <= ordeal.dropped
    assert sum(ordeal.faults.values()) > 0
