"""Three booted machines as one broker, by the playbook alone, with their cables pulled in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.hub.support import payload, stored, wait_until_stored
from tests.main_job.program import wait_for
from tests.system.fleet.conftest import SUITE
from tests.system.fleet.lab import booted
from tests.system.fleet.network import PREFIX, Node, mesh
from tests.system.fleet.player import REPOSITORY, Played, Player
from tests.system.machine import Machine

pytestmark = pytest.mark.slow

NAMES = ("n1", "n2", "n3")
ADDRESSES = [f"{PREFIX}.{number}" for number in (1, 2, 3)]
INVENTORY = {
    "agender_cluster": {
        "vars": {"agender_cluster_secrets": "{{ agender_secrets }}"},
        "hosts": {
            name: {"ansible_host": f"{name}.local", "agender_cluster_names": [name, address],
                   "agender_cluster_address": address}
            for name, address in zip(NAMES, ADDRESSES, strict=True)
        },
    }
}  # fmt: skip

ASK = (
    "from urllib.request import urlopen as u; print(u('http://127.0.0.1:8222/jsz').read().decode())"
)


class Three(Player):
    """The machines, what joins them, and programs that call them from the first one's side."""

    def __init__(self, folder: Path, nodes: Sequence[Node], machines: dict[str, Machine]) -> None:
        super().__init__(folder, NAMES, INVENTORY)
        self.nodes, self.machines = nodes, machines

    @property
    def beside(self) -> list[str]:
        """Before a command: it runs here, and has the first machine's network."""
        return ["nsenter", f"--net={self.nodes[0].namespace}", "--"]

    def send(self, minutes: Sequence[int], address: str) -> None:
        """The windows of these minutes, as the device `door`; until each is acknowledged."""
        command = [
            *self.beside, "mosquitto_pub", "-h", address, "-p", "8883", "-q", "1", "-l",
            "--cafile", self.secrets / "ca.pem", "-u", "door", "-P", self.password("door"),
            "-t", "agender/v2/shop/door/counts", "-V", "mqttv311",
        ]  # fmt: skip
        lines = b"".join(payload(minute) + b"\n" for minute in minutes)
        subprocess.run(command, input=lines, check=True, timeout=120)

    def leader(self, name: str) -> str:
        """Whom a node takes for the cluster's leader; nobody where it says nothing."""
        said = self.machines[name].run("python3", "-c", ASK)
        found = json.loads(said.stdout or "{}").get("meta_cluster", {})
        return str(found.get("leader", ""))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    with mesh(3) as nodes, booted(folder, SUITE, dict(zip(NAMES, nodes, strict=True))) as machines:
        yield Three(folder, nodes, machines)


@pytest.fixture(scope="module")
def hub(three: Three) -> Iterator[str]:
    """Its store; it reads the cluster, by all three nodes, as the ingestor that the role made."""
    store, secret = str(three.folder / "hub.sqlite3"), three.folder / "secret"
    secret.write_text(three.password("ingestor"))
    command = [
        *three.beside, sys.executable, "-m", "hub", "run", "--store", store,
        "--nats", ",".join(f"nats://{address}:4222" for address in ADDRESSES),
        "--ca", three.secrets / "ca.pem", "--username", "ingestor", "--password-file", secret,
        "--ack-wait-s", "5",
    ]  # fmt: skip
    with (three.folder / "hub.log").open("wb") as log:
        running = subprocess.Popen(command, stderr=log, cwd=REPOSITORY)
    yield store
    running.terminate()
    assert running.wait(30) == 0, (three.folder / "hub.log").read_text()


def changed(played: Played) -> list[int]:
    """At each node."""
    assert played.status == 0, played.text
    return [played.recap(name)["changed"] for name in NAMES]


def test_check_mode_changes_nothing(three: Three):
    """At machines that are still fresh."""
    played = three.play("cluster.yml", "--check")
    assert played.status == 0, played.text
    assert not any((one.root / "etc/agender-cluster").exists() for one in three.machines.values())


def test_one_run_makes_a_cluster_and_the_second_changes_nothing(three: Three):
    """The playbook's own look ends it: a leader, and each hears the two others."""
    assert min(changed(three.play("cluster.yml"))) > 0
    assert len({three.leader(name) for name in NAMES} - {""}) == 1
    assert changed(three.play("cluster.yml")) == [0, 0, 0]


def test_no_window_is_lost_while_any_node_is_cut_off(three: Three, hub: str):
    """What was acknowledged is stored once, whichever of the two beside ours was away."""
    three.send([0], ADDRESSES[0])  # the stream is made when the first device comes
    wait_until_stored(hub, [0])
    for away, node in enumerate(three.nodes[1:], 1):
        reached = ADDRESSES[3 - away]
        with node.cut_off():
            three.send(range(20 * away, 20 * away + 10), reached)
            three.send(range(20 * away + 10, 20 * away + 20), ADDRESSES[0])
        wait_until_stored(hub, [0, *range(20, 20 * away + 20)])
        wait_for(lambda: all(three.leader(name) for name in NAMES), "a cluster that is whole", 60)


def test_an_upgrade_goes_from_node_to_node_and_loses_nothing(three: Three, hub: str):
    """A changed key restarts all of them, one after the other, while windows come."""
    with (three.inventory / "lab.yml").open("r+") as file:
        inventory = json.load(file)
        inventory["agender_cluster"]["vars"]["agender_cluster_store_max"] = "3G"
        file.seek(0)
        json.dump(inventory, file)
        file.truncate()
    before = stored(hub)
    assert min(changed(three.play("cluster.yml"))) > 0
    three.send(range(100, 120), ADDRESSES[1])
    wait_until_stored(hub, [*before, *range(100, 120)])
    assert changed(three.play("cluster.yml")) == [0, 0, 0]
