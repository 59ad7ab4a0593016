"""A cluster as the role agender_cluster configures it: real servers, its templates, TLS, rights."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.rendered import defaults, text
from tests.hub.cluster import NATS
from tests.publish.certificates import Authority
from tests.publish.support import free_port, spawn, wait_for

DEVICES = ("door", "till")
USERS = [
    {"name": name, "access": access, "password": f'{name}\'s "password" $HOME ü'}
    for name, access in (
        ("viewer", "read"),
        ("operator", "command"),
        ("home", "home_assistant"),
        ("ingestor", "ingest"),
    )
]


def password(user: str) -> str:
    """Of one of USERS or DEVICES."""
    known = {one["name"]: one["password"] for one in USERS}
    return known.get(user, f"{user}'s password")


def hosts(names: list[str]) -> dict[str, dict[str, Any]]:
    """The inventory's variables: nodes on ports of their own on the loopback, and two devices."""
    kinds = ("mqtt", "client", "route", "monitor")
    nodes = {
        name: {"agender_cluster_address": "127.0.0.1"}
        | {f"agender_cluster_{kind}_port": free_port() for kind in kinds}
        for name in names
    }
    devices = {
        name: {"agender_edge_site": "shop", "agender_edge_device": name,
               "agender_edge_username": name, "agender_edge_password": password(name)}
        for name in DEVICES
    }  # fmt: skip
    return nodes | devices


class Nodes:
    """So many servers of the role's configuration; `ca` is their authority's certificate."""

    def __init__(self, folder: Path, size: int = 1) -> None:
        if NATS is None:
            pytest.skip("NATS is not installed (apt install nats-server)")
        self._folder = folder
        self.names = [f"n{number}" for number in range(1, size + 1)]
        self.hosts = hosts(self.names)
        self.authority = Authority(folder)
        self.ca = self.authority.ca
        for name in self.names:
            self._configure(name)
        self.processes = {name: self._spawn(name) for name in self.names}
        wait_for(self._have_a_leader, 60, "a cluster that has chosen its leader")

    def port(self, kind: str, node: str = "n1") -> int:
        """A node's port: mqtt, client, route or monitor."""
        return int(self.hosts[node][f"agender_cluster_{kind}_port"])

    @property
    def nats(self) -> str:
        """All nodes, for an ingestor."""
        return ",".join(f"nats://127.0.0.1:{self.port('client', name)}" for name in self.names)

    def log(self, node: str = "n1") -> str:
        """What a node has said."""
        return (self._folder / node / "log").read_text(errors="replace")

    def answer(self, node: str, path: str) -> dict[str, Any]:
        """What a node says of itself; empty where it does not."""
        try:
            with socket.create_connection(("127.0.0.1", self.port("monitor", node)), 2) as asked:
                asked.sendall(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
                said = b"".join(iter(lambda: asked.recv(65536), b""))
            found: dict[str, Any] = json.loads(said.partition(b"\r\n\r\n")[2])
        except (OSError, ValueError):
            return {}
        return found

    def _configure(self, name: str) -> None:
        own = self._folder / name
        (own / "js").mkdir(parents=True)
        found = self.authority.issue(name, usage="serverAuth,clientAuth")
        for path, target in zip((*found, self.ca), ("node.pem", "node.key", "ca.pem"), strict=True):
            shutil.copy(path, own / target)
        variables = {
            **defaults("agender_cluster"),
            **self.hosts[name],
            "inventory_hostname": name,
            "hostvars": self.hosts,
            "agender_cluster_listen": "127.0.0.1",
            "agender_cluster_nodes": self.names,
            "agender_cluster_devices": DEVICES,
            "agender_cluster_users": USERS,
            "agender_cluster_route_password": "between nodes",
            "__agender_cluster_folder": str(own),
        }
        for file in ("nats-server.conf", "users.conf"):
            made = text(f"agender_cluster/templates/{file}.j2", **variables)
            (own / file).write_text(made.replace("/var/lib/nats-server", str(own / "js")))

    def _spawn(self, name: str) -> Any:
        own = self._folder / name
        with (own / "log").open("ab") as log:
            return spawn([str(NATS), "-c", str(own / "nats-server.conf")], stdout=log, stderr=log)

    def _have_a_leader(self) -> bool:
        for name, process in self.processes.items():
            assert process.poll() is None, self.log(name)
        said = [self.answer(name, "jsz") for name in self.names]
        led = len(said) == 1 or all(one.get("meta_cluster", {}).get("leader") for one in said)
        return led and all("Server is ready" in self.log(name) for name in self.names)
