"""Fresh Debian machines that answer over ssh: a hub and a device, or others."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system import debian
from tests.system.fleet.network import PREFIX, Plug, plugs
from tests.system.fleet.player import REPOSITORY, Player, ansible_folder
from tests.system.machine import Machine

CLIPS = REPOSITORY.parent / "shared" / "data" / "clips"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "python3", "python3-apt",
          "ca-certificates")  # fmt: skip
"""About what Raspberry Pi OS Lite has, too; all else the playbook must bring."""

SSH_CONFIG = """
Host *
    User pi
    IdentityFile {folder}/key
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
    BatchMode yes
"""
SSH_HOST = """
Host {name}.local
    ProxyCommand nsenter --net={namespace} bash -c \
'exec 3<>/dev/tcp/{address}/22; cat <&3 & exec cat >&3'
"""

CAMERA = {
    "source": {"realtime": True, "repeat": 100000},
    "detector": {"model": "near"},
    "window": {"length_s": 2.0},
    "privacy": {"k": 1},  # with 5, who is in view alone is not told
    "mqtt": {"reconnect_max_s": 2.0, "refused_retry_s": 5.0},
}
YARD = {
    "name": "yard",
    "source": "/srv/clips/head-pose-face-detection-male.gif",
    "password": "{{ lookup('ansible.builtin.password', agender_secrets ~ '/mqtt-door-yard', "
    "chars=['ascii_letters', 'digits'], length=32) }}",
    "config": CAMERA | {"page": {"enabled": True, "port": 8089}},
}
"""A second camera of the device, with a page; the first has none."""

INVENTORY = {
    "agender_hub": {"hosts": {"hub": {"agender_hub_ingestor": True}}},
    "agender_cluster": {
        "hosts": {
            "hub": {
                "agender_cluster_names": ["hub.local"],
                "agender_cluster_mqtt_port": 8884,  # mosquitto has the other
                "agender_cluster_secrets": "{{ agender_secrets }}",
            }
        }
    },
    "agender_devices": {
        "hosts": {
            "door": {
                "agender_edge_source": "/srv/clips/head-pose-face-detection-female.gif",
                "agender_edge_host_config": CAMERA,
                "agender_edge_cameras": [YARD],
                "agender_edge_health_timeout_s": 40,
            }
        }
    },
}


class Lab(Player):
    """A hub, a device and the cable between them."""

    def __init__(self, folder: Path, hub: Machine, door: Machine, plug: Plug) -> None:
        super().__init__(folder, ("hub", "door"), INVENTORY)
        self.hub, self.door, self.plug = hub, door, plug

    @contextlib.contextmanager
    def without_network(self) -> Iterator[None]:
        """The device's cable is pulled, and plugged in again."""
        self.plug.ip("link", "set", "lan", "down")
        try:
            yield
        finally:
            self.plug.ip("link", "set", "lan", "up")

    def reboot_device(self) -> None:
        """Switch it off in an orderly way, and on again."""
        self.door.close()
        self.door = boot(self.folder, "door", self.plug)


@contextlib.contextmanager
def lab(folder: Path, suite: str) -> Iterator[Lab]:
    """Both machines booted, reachable, and with a way to Debian's packages."""
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    with contextlib.ExitStack() as stack:
        ends = dict(zip(("hub", "door"), stack.enter_context(plugs()), strict=True))
        machines = stack.enter_context(booted(folder, suite, ends))
        made = Lab(folder, machines["hub"], machines["door"], ends["door"])
        try:
            yield made
        finally:
            made.door.close()  # which may be another than the first


@contextlib.contextmanager
def booted(folder: Path, suite: str, ends: Mapping[str, Plug]) -> Iterator[dict[str, Machine]]:
    """A machine at each end; the n-th has the n-th address, and all know each other's names."""
    debian.need("systemd-nspawn", "ssh", "ip")
    fresh = debian.rootfs(suite, SYSTEM)
    ansible_folder()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder / "roots", ignore_errors=True)
        (folder / "roots").mkdir()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"],
                       check=True)  # fmt: skip
        addresses = {name: f"{PREFIX}.{number}" for number, name in enumerate(ends, 1)}
        config = SSH_CONFIG.format(folder=folder)
        for name, plug in ends.items():
            root = folder / "roots" / name
            subprocess.run(["cp", "-a", "--reflink=auto", fresh, root], check=True)
            prepare(root, name, addresses, folder)
            config += SSH_HOST.format(name=name, namespace=plug.namespace, address=addresses[name])
        (folder / "ssh_config").write_text(config)
        machines = {
            name: stack.enter_context(boot(folder, name, plug)) for name, plug in ends.items()
        }
        for name in ends:
            stack.enter_context(mirror(folder, name))
        yield machines


def prepare(root: Path, name: str, addresses: Mapping[str, str], folder: Path) -> None:
    """What the first boot's assistant of an image sets: host name, user, key; and who is where."""
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/hosts").write_text(
        f"127.0.0.1 localhost {urlsplit(debian.mirror()).hostname}\n"  # through ssh, see mirror()
        + "".join(f"{its} {other}.local {other}\n" for other, its in addresses.items())
    )
    (root / "etc/resolv.conf").write_text("")
    os.utime(root / "var/lib/apt/lists", (0, 0))  # empty, however lately it was made
    subprocess.run(["chroot", root, "useradd", "-m", "-s", "/bin/bash", "pi"], check=True)
    (root / "etc/sudoers.d/pi").write_text("pi ALL=(ALL) NOPASSWD: ALL\n")
    ssh = root / "home/pi/.ssh"
    ssh.mkdir(mode=0o700)
    shutil.copyfile(folder / "key.pub", ssh / "authorized_keys")
    subprocess.run(["chroot", root, "chown", "-R", "pi:pi", "/home/pi/.ssh"], check=True)
    key = " ".join((root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])
    with (folder / "known_hosts").open("a") as known:
        known.write(f"{name}.local {key}\n")


def boot(folder: Path, name: str, plug: Plug) -> Machine:
    """A machine of ours, switched on; what it writes stays for the next time."""
    binds = {CLIPS: "/srv/clips"}
    log = folder / f"console-{name}"
    return Machine(folder / "roots" / name, binds, log, network=plug.namespace, keep=True)


@contextlib.contextmanager
def mirror(folder: Path, name: str) -> Iterator[None]:
    """Debian's packages, at the machine's own port 80: ssh carries them from our side."""
    ours = urlsplit(debian.mirror()).hostname
    command = ["ssh", "-F", str(folder / "ssh_config"), "-N", "-o", "ExitOnForwardFailure=yes",
               "-l", "root", "-R", f"127.0.0.1:80:{ours}:80", f"{name}.local"]  # fmt: skip
    keys = folder / "roots" / name / "root/.ssh/authorized_keys"
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(folder / "key.pub", keys)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()
