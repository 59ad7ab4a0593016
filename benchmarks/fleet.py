"""A thousand devices at one broker: how long until all are back after it restarts.

    python -m benchmarks.fleet [--devices 1000] [--restarts 3] [--port PORT] [--json]

Each device is the real publisher with an outbox of its own, all in this one process; the broker
is the mosquitto of this machine (or, with --port, one that you restart when asked). Printed are
the seconds until every device has connected and delivered a window again, the most connections
in one tenth of a second, and the broker's CPU time and resident memory.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from edge.config.broker import Mqtt
from edge.config.tables import Config, Device, Paths
from edge.messages.counts import Counts
from edge.messages.fields import timestamp
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.own_status import memory_mb
from edge.publish.publisher import Publisher, Surroundings

GIVE_UP_S = 180.0


class Broker:
    """mosquitto on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        path = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        if path is None:
            sys.exit("fleet: mosquitto is not installed (apt install mosquitto)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        conf = folder / "mosquitto.conf"
        conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        self._command = [path, "-c", str(conf)]
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def usage(self) -> tuple[float, float]:
        """CPU seconds since its start, and resident memory in 10^6 bytes."""
        proc = Path(f"/proc/{self.process.pid}")
        fields = proc.joinpath("stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        pages = int(proc.joinpath("statm").read_text().split()[1])
        return ticks / os.sysconf("SC_CLK_TCK"), pages * resource.getpagesize() / 1e6


class Fleet:
    """Many publishers in one loop, each driven only when it is due or has something to read."""

    def __init__(self, folder: Path, devices: int, port: int) -> None:
        self.publishers, self.outboxes = [], []
        for number in range(devices):
            home = folder / f"{number}"
            config = Config(
                device=Device(site="fleet", name=f"d{number}"),
                mqtt=Mqtt(host="127.0.0.1", port=port),
                paths=Paths(state=str(home), runtime=str(home)),
            )
            self.outboxes.append(Outbox(home / FILE_NAME))
            reader = Outbox(home / FILE_NAME, owner=False)
            self.publishers.append(Publisher(config, reader, None, Surroundings(Random(number))))
        self._due_s = [0.0] * devices

    def append(self) -> None:
        """One window for each device."""
        now = timestamp(time.time())
        counts = Counts(
            seq=0, boot="fleet", start=now, end=now, window_s=60.0, observed_s=60.0,
            clock_synced=True, people=0, model="none",
        )  # fmt: skip
        for outbox in self.outboxes:
            outbox.append(counts)

    def turn(self) -> None:
        """One turn for whoever has something to do."""
        now_s = time.monotonic()
        for number, publisher in enumerate(self.publishers):
            if now_s >= self._due_s[number]:
                publisher.step(now_s)
                self._due_s[number] = now_s + publisher.due_s(now_s)
        waiting, owners = select.poll(), {}
        for number, publisher in enumerate(self.publishers):
            for fileno, events in publisher.fds():
                owners[fileno] = number
                waiting.register(fileno, events)
        for fileno, events in waiting.poll(20):
            publisher = self.publishers[owners[fileno]]
            publisher.ready(fileno, events, time.monotonic())
            publisher.step(time.monotonic())

    def connected(self) -> int:
        """How many are connected."""
        return sum(publisher.connection.up for publisher in self.publishers)

    def delivered(self) -> bool:
        """Whether every device's last window has been acknowledged."""
        return all(p.connection.up and p.delivery.is_done() for p in self.publishers)


def recovery(fleet: Fleet) -> dict[str, Any]:
    """Drive until all are back and have delivered; the times, and the steepest tenth."""
    began_s = time.monotonic()
    connected_s: float | None = None
    last, steepest, tenth_s = fleet.connected(), 0, began_s
    while not (connected_s and fleet.delivered()):
        if time.monotonic() - began_s > GIVE_UP_S:
            sys.exit(f"fleet: only {fleet.connected()} are back after {GIVE_UP_S:g} s")
        fleet.turn()
        now_s = time.monotonic()
        if connected_s is None and fleet.connected() == len(fleet.publishers):
            connected_s = now_s - began_s
        if now_s - tenth_s >= 0.1:
            steepest = max(steepest, round((fleet.connected() - last) * 0.1 / (now_s - tenth_s)))
            last, tenth_s = fleet.connected(), now_s
    return {
        "all_connected_s": round(connected_s, 2),
        "all_delivered_s": round(time.monotonic() - began_s, 2),
        "most_connects_in_100_ms": steepest,
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, asked.devices * 12 + 200), hard))
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        figures = _measure(Path(name), asked.devices, asked.restarts)
    if asked.json:
        print(json.dumps(figures))
        return
    for figure in figures:
        print(", ".join(f"{key} {value}" for key, value in figure.items()))


def _measure(folder: Path, devices: int, restarts: int) -> list[dict[str, Any]]:
    broker = Broker(folder)
    fleet = Fleet(folder, devices, broker.port)
    figures = []
    try:
        for round_number in range(restarts + 1):
            if round_number:
                broker.stop()
                for _ in range(50):
                    fleet.turn()
                broker.start()
            fleet.append()
            found = {"round": "first start" if not round_number else f"restart {round_number}"}
            found |= recovery(fleet)
            cpu_s, broker_mb = broker.usage()
            figures.append(
                found | {"devices": devices, "broker_cpu_s": round(cpu_s, 2),
                         "broker_memory_mb": round(broker_mb, 1),
                         "this_process_memory_mb": round(memory_mb(), 1)}
            )  # fmt: skip
    finally:
        broker.stop()
    return figures


if __name__ == "__main__":
    main()
