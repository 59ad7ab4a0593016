"""A fleet's windows through a NATS cluster and several ingestors into PostgreSQL, all of it killed.

    python -m benchmarks.hub [--devices 1000] [--seconds 60] [--nodes 3] [--ingestors 2]
                             [--kills 6] [--separate] [--health-s 60] [--json]

Each device tells a window a minute, evenly spread. Devices share 30 connections; with --separate
each has its own, with a will, and tells its health too (`benchmarks.connections`). Again and
again a node, an ingestor or the database is killed, and started two seconds later. Printed are
windows sent, stored and missing, the seconds until the last one was stored, and what CPU time
(at least: what a killed process took last is not seen) and memory each kind of process took. It
ends with status 1 where a window is missing or doubled. Needs nats-server and PostgreSQL, as the
tests do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from benchmarks.connections import Connections
from hub.store import open_store
from tests.hub.cluster import Cluster
from tests.hub.postgres import Postgres
from tests.hub.support import Hub, Sender, payload
from tests.publish.support import STARTED

CONNECTIONS = 30
PERIOD_S = 60.0
DOWN_S = 2.0
GIVE_UP_S = 120.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Site:
    """All that runs: the cluster, the database, the ingestors, and what they took."""

    def __init__(self, folder: Path, nodes: int, ingestors: int) -> None:
        self._folder = folder
        self.cluster = Cluster(folder, nodes)
        self.postgres = Postgres()
        STARTED.append(self.postgres.stop)
        self.store = self.postgres.database()
        Sender(self.cluster.mqtt[0]).close()  # with the first device NATS makes its streams
        self.hubs = [self._hub() for _ in range(ingestors)]
        self.cpu_s: Counter[str] = Counter()
        self.memory_mb: Counter[str] = Counter()
        self._last: dict[int, float] = {}

    def _hub(self) -> Hub:
        flags = ("--nats", self.cluster.nats, "--ack-wait-s", "5")
        return Hub(self._folder, 1, self.store, *flags).listens()

    def kill(self, what: str, random: Random) -> None:
        """Kill one of a kind, and start it again a little later."""
        self.look()
        if what == "database":
            self.postgres.kill()
            time.sleep(DOWN_S)
            self.postgres.start()
            return
        number = random.randrange(len(self.hubs if what == "ingestor" else self.cluster.mqtt))
        (self.hubs[number] if what == "ingestor" else _Node(self.cluster, number)).kill()
        time.sleep(DOWN_S)
        if what == "ingestor":
            self.hubs[number] = self._hub()
        else:
            self.cluster.start(number)

    def look(self) -> None:
        """Add the CPU time since the last look, kind by kind, and keep the highest memory."""
        memory: Counter[str] = Counter()
        for kind, pid in self._processes():
            cpu_s, memory_mb = _usage(pid)
            self.cpu_s[kind] += cpu_s - self._last.get(pid, 0.0)
            self._last[pid] = cpu_s
            memory[kind] += memory_mb
        for kind in memory:
            self.memory_mb[kind] = max(self.memory_mb[kind], memory[kind])

    def _processes(self) -> Iterator[tuple[str, int]]:
        yield from (("nodes", process.pid) for process in self.cluster.processes)
        yield from (("ingestors", hub.process.pid) for hub in self.hubs)
        yield from (("database", pid) for pid in _family(self.postgres.pid))


class _Node:
    """A node, so that it is killed as all others are."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self._cluster, self._number = cluster, number

    def kill(self) -> None:
        self._cluster.kill(self._number)


def _usage(pid: int) -> tuple[float, int]:
    """CPU seconds and resident megabytes of a process; nothing of one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    pages = int(fields[21])
    return (int(fields[11]) + int(fields[12])) * TICK_S, pages * os.sysconf("SC_PAGE_SIZE") >> 20


def _family(pid: int) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *map(int, children)]


class Shared:
    """Devices that share connections."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._senders = [
            Sender(ports[number % len(ports)], f"devices-{number}") for number in range(CONNECTIONS)
        ]

    def send(self, device: int, topic: str, message: bytes) -> None:
        """By its connection."""
        self._senders[device % CONNECTIONS].send(message, topic)

    def arrived(self) -> None:
        """Wait until all of it was acknowledged."""
        for sender in self._senders:
            sender.arrived()


def send(fleet: Shared | Connections, devices: int, total: int) -> None:
    """Send so many windows, each device's at its time."""
    begun_s, sent = time.monotonic(), 0
    while sent < total:
        due = min(int((time.monotonic() - begun_s) * devices / PERIOD_S) + 1, total)
        for number in range(sent, due):
            device, seq = number % devices, number // devices
            topic = f"agender/v2/site-{device % 100}/device-{device}/counts"
            fleet.send(device, topic, payload(seq))
        sent = due
        time.sleep(0.01)


def trouble(site: Site, kills: int, seconds: float, random: Random) -> None:
    """Kill things, one after the other, of each kind as often.

    In the main thread: a server that a thread has started ends with the thread.
    """
    kinds = [("node", "ingestor", "database")[number % 3] for number in range(kills)]
    random.shuffle(kinds)
    for what in kinds:
        time.sleep(max(seconds / (kills + 1) - DOWN_S, 0.5))
        site.kill(what, random)


def stored(site: Site) -> Counter[tuple[str, str, int]]:
    """How often each window is stored."""
    with closing(open_store(site.store, reading=True)) as store:
        rows = store.ask("SELECT site, device, seq FROM windows", {})
    return Counter((row["site"], row["device"], row["seq"]) for row in rows)


def connected(
    site: Site, parsed: argparse.Namespace
) -> tuple[Shared | Connections, Callable[[], dict[str, int]]]:
    """The devices, once all are connected, and what their connections tell at the end."""
    ports = site.cluster.mqtt
    if not parsed.separate:
        return Shared(ports), dict
    fleet, begun_s = Connections(ports, parsed.devices, parsed.health_s), time.monotonic()
    while fleet.up < parsed.devices and time.monotonic() - begun_s < GIVE_UP_S:
        time.sleep(0.1)
    took_s = round(time.monotonic() - begun_s)
    return fleet, lambda: {
        "connections": fleet.most_up, "connected_after_s": took_s, "broken": fleet.broken,
        "healths": fleet.healths,
    }  # fmt: skip


def measure(site: Site, parsed: argparse.Namespace) -> dict[str, Any]:
    """Send, kill, wait for the last window; figures."""
    total = round(parsed.devices * parsed.seconds / PERIOD_S)
    fleet, told = connected(site, parsed)
    sending = Thread(target=send, args=(fleet, parsed.devices, total))
    sending.start()
    trouble(site, parsed.kills, parsed.seconds, Random(21))
    sending.join()
    sent_s = time.monotonic()
    fleet.arrived()
    while (there := stored(site)).total() < total and time.monotonic() - sent_s < GIVE_UP_S:
        time.sleep(0.5)
    site.look()
    return {
        "devices": parsed.devices,
        "windows_a_second": round(parsed.devices / PERIOD_S, 1),
        "sent": total,
        "missing": total - len(there),
        "doubled": there.total() - len(there),
        "kills": parsed.kills,
        "last_stored_after_s": round(time.monotonic() - sent_s, 1),
        "cpu_s": {kind: round(value, 1) for kind, value in site.cpu_s.items()},
        "memory_mb": dict(site.memory_mb),
    } | told()


def main() -> None:
    """Run once, print, end with status 1 where a window is missing or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for flag, default in (("devices", 1000), ("seconds", 60), ("nodes", 3), ("ingestors", 2)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--separate", action="store_true", help="a connection for each device")
    parser.add_argument("--health-s", type=float, default=60.0, help="between two `health`")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parsed = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="agender-hub-") as folder:
            figures = measure(Site(Path(folder), parsed.nodes, parsed.ingestors), parsed)
            _end()
    finally:
        _end()
    lines = (f"{name}: {value}" for name, value in figures.items())
    print(json.dumps(figures) if parsed.json else "\n".join(lines))
    sys.exit(bool(figures["missing"] or figures["doubled"]))


def _end() -> None:
    while STARTED:
        STARTED.pop()()


if __name__ == "__main__":
    main()
