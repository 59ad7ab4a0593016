"""The flow for Node-RED, run in Node-RED.

It is installed from npm into ~/.cache/agender-edge on first use; AGENDER_NODE_RED names a
`node-red` command that is there already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.messages.counts import encode_counts
from tests.publish.support import Broker, Subscriber, counts, free_port, spawn, wait_for

FLOW = Path(__file__).parents[2] / "docs" / "integrations" / "node-red-flow.json"
VERSION = "4.1.15"


@pytest.fixture(scope="session")
def node_red() -> str:
    """The command `node-red`."""
    given = os.environ.get("AGENDER_NODE_RED")
    if given:
        return given
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = Path.home() / ".cache" / "agender-edge" / f"node-red-{VERSION}"
    command = folder / "node_modules" / ".bin" / "node-red"
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-fund", "--prefix", str(folder)]
        done = subprocess.run([*install, f"node-red@{VERSION}"], check=False)
        if done.returncode:
            pytest.skip("Node-RED could not be installed from npm")
    return str(command)


LATER = ("2026-01-01T22:59:00.000Z", "2026-01-01T23:00:00.000Z", "2026-01-01T22:58:00.000Z")
"""Windows an hour ahead of UTC: before midnight, after it, and a late one of the day before."""


@pytest.mark.slow
def test_the_flow_counts_each_window_once(node_red: str, tmp_path: Path) -> None:
    """Repeats are dropped, a gap is counted and filled; totals are by device, and by its day."""
    broker = Broker(tmp_path, "log_type all")
    subscriber = Subscriber(broker.port)
    flow = tmp_path / "flow.json"
    flow.write_text(FLOW.read_text().replace('"1883"', f'"{broker.port}"'))
    log = (tmp_path / "node-red.log").open("wb")
    process = spawn(
        [node_red, "--userDir", str(tmp_path / "user"), "--port", str(free_port()), str(flow)],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        wait_for(lambda: "node-red-agender 1 agender/v2/+/+/counts" in broker.log, 60, "Node-RED")
        for seq in (7, 8, 8, 10, 9, 10, 7):
            window = encode_counts(counts(seq, seq=seq, people=3))
            subscriber.send("agender/v2/shop/door/counts", window)
        for seq, start in enumerate(LATER, 11):
            window = encode_counts(counts(seq, seq=seq, people=3, start=start, timezone="+01:00"))
            subscriber.send("agender/v2/shop/door/counts", window)
        wait_for(lambda: len(subscriber.of("totals/shop/door")) >= 7, 10, "the totals")
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        subscriber.close()
        broker.stop()
    totals = [(t["people"], t["missing"]) for t in subscriber.of("totals/shop/door")]
    assert totals == [(3, 0), (6, 0), (9, 1), (12, 0), (15, 0), (18, 0), (21, 0)]
    days = [(t["day"], t["today"]) for t in subscriber.of("totals/shop/door")]
    assert days[3:] == [
        ("2026-01-01", 12),
        ("2026-01-01", 15),
        ("2026-01-02", 3),
        ("2026-01-02", 3),
    ]
