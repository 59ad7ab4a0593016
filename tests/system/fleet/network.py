"""A cable between two machines, and one from each to us; all of it ends with its holders."""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def plugs() -> Iterator[tuple[Plug, Plug]]:
    """Two namespaces joined by a cable: .1 is the hub's end, .2 the device's."""
    with contextlib.ExitStack() as stack:
        pair = []
        for _ in range(2):
            pair.append(plug := Plug())
            stack.callback(plug.pull)
        hub, device = pair
        done = subprocess.run(
            ["ip", "link", "add", "lan", "netns", str(hub.number), "type", "veth",
             "peer", "name", "lan", "netns", str(device.number)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"no cable between network namespaces here: {done.stderr.strip()}")
        hub.address("lan", f"{PREFIX}.1")
        device.address("lan", f"{PREFIX}.2")
        yield hub, device
