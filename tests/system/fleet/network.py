"""Cables between machines, and one from each to us; all of it ends with its holders."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PREFIX = "198.18.77"
"""Of the range that RFC 2544 sets aside for tests of network devices."""


class Plug:
    """A network namespace, kept by a sleeping process; ours to hand to a machine."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.namespace = Path(f"/proc/{self._holder.pid}/ns/net")
        ours = Path("/proc/self/ns/net").readlink()
        while self.namespace.readlink() == ours:  # until unshare has done its work
            pass
        self.number = self._holder.pid

    def address(self, interface: str, address: str) -> None:
        """Give an interface in here an address, and switch it on."""
        self.ip("address", "add", f"{address}/24", "dev", interface)
        self.ip("link", "set", interface, "up")
        self.ip("link", "set", "lo", "up")

    def ip(self, *command: str) -> None:
        """Run ip in here."""
        inside = ["nsenter", f"--net={self.namespace}"]
        subprocess.run([*inside, "ip", *command], check=True, capture_output=True)

    def pull(self) -> None:
        """End it, and every cable that leads to it."""
        self._holder.kill()
        self._holder.wait()


class Node(Plug):
    """One of several, joined to each of the others by a cable of its own."""

    def __init__(self, number: int) -> None:
        """`number` is the last part of its address; 1 is the first."""
        super().__init__()
        self.own = f"{PREFIX}.{number}"
        self.ip("link", "set", "lo", "up")
        self.ip("address", "add", f"{self.own}/32", "dev", "lo")
        self._cables: dict[str, str] = {}

    def joined(self, interface: str, other: str) -> None:
        """Reach another's address by this interface."""
        self._cables[interface] = other
        self._switch_on(interface)

    @contextlib.contextmanager
    def cut_off(self) -> Iterator[None]:
        """Its cables are pulled, and plugged in again."""
        for interface in self._cables:
            self.ip("link", "set", interface, "down")
        try:
            yield
        finally:
            for interface in self._cables:
                self._switch_on(interface)

    def _switch_on(self, interface: str) -> None:
        self.ip("link", "set", interface, "up")
        self.ip("route", "replace", self._cables[interface], "dev", interface, "src", self.own)


@contextlib.contextmanager
def mesh(size: int) -> Iterator[list[Node]]:
    """So many namespaces, of which each is joined to each."""
    with contextlib.ExitStack() as stack:
        nodes = []
        for number in range(1, size + 1):
            nodes.append(node := Node(number))
            stack.callback(node.pull)
        for one, other in itertools.combinations(nodes, 2):
            names = [f"to{node.own.rpartition('.')[2]}" for node in (other, one)]
            cable(one, names[0], other, names[1])
            one.joined(names[0], other.own)
            other.joined(names[1], one.own)
        yield nodes


def cable(one: Plug, interface: str, other: Plug, its: str) -> None:
    """Join two namespaces."""
    done = subprocess.run(
        ["ip", "link", "add", interface, "netns", str(one.number), "type", "veth",
         "peer", "name", its, "netns", str(other.number)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"no cable between network namespaces here: {done.stderr.strip()}")


@contextlib.contextmanager
def plugs() -> Iterator[tuple[Plug, Plug]]:
    """Two namespaces joined by a cable: .1 is the hub's end, .2 the device's."""
    with contextlib.ExitStack() as stack:
        pair = []
        for _ in range(2):
            pair.append(plug := Plug())
            stack.callback(plug.pull)
        hub, device = pair
        cable(hub, "lan", device, "lan")
        hub.address("lan", f"{PREFIX}.1")
        device.address("lan", f"{PREFIX}.2")
        yield hub, device
