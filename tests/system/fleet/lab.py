"""Two fresh Debian machines that answer over ssh, and Ansible with the example's inventory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edge.flash import wheels
from tests.system import debian
from tests.system.fleet.network import PREFIX, Plug, plugs
from tests.system.machine import Machine

REPOSITORY = Path(__file__).parents[3]
CLIPS = REPOSITORY.parent / "shared" / "data" / "clips"
CHECKOUT = (*wheels.PROJECT, *wheels.PACKAGES, "ansible", "docs")
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
                "agender_edge_host_config": {
                    "source": {"realtime": True, "repeat": 100000},
                    "detector": {"model": "near"},
                    "window": {"length_s": 2.0},
                    "privacy": {"k": 1},  # with 5, who is in view alone is not told
                    "mqtt": {"reconnect_max_s": 2.0, "refused_retry_s": 5.0},
                },
                "agender_edge_health_timeout_s": 40,
            }
        }
    },
}


class Lab:
    """The two machines, and a checkout of our own that tests may spoil."""

    def __init__(self, folder: Path, hub: Machine, door: Machine, plug: Plug) -> None:
        self.folder, self.hub, self.door, self.plug = folder, hub, door, plug
        self.checkout = folder / "checkout"
        self.inventory = folder / "fleet"
        self.secrets = self.checkout / "ansible/secrets/fleet"

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

    def play(self, book: str, *arguments: str, **variables: Any) -> Played:
        """Run a playbook as its documentation says; `variables` are given with -e."""
        done = subprocess.run(
            self._command(book, *arguments, **variables),
            cwd=self.checkout / "ansible", env=self._environment(),
            capture_output=True, text=True, check=False, timeout=1500,
        )  # fmt: skip
        return Played(done)

    def play_until(
        self, moment: Callable[[], object], book: str, *arguments: str, **variables: Any
    ) -> None:
        """Run a playbook until something is so; then its controller is switched off."""
        with subprocess.Popen(
            self._command(book, *arguments, **variables),
            cwd=self.checkout / "ansible", env=self._environment(), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as playing:  # fmt: skip
            while not moment():
                assert playing.poll() is None, "it ended before"
            os.killpg(playing.pid, signal.SIGKILL)

    def _command(self, book: str, *arguments: str, **variables: Any) -> list[str]:
        extra = ["-e", json.dumps(variables)] if variables else []
        command = ["ansible-playbook", "--inventory", str(self.inventory), book, *arguments, *extra]
        if "--limit" not in arguments:
            command += ["--limit", "hub,door"]  # the example's other devices are not there
        return command

    def password(self, user: str) -> str:
        """What was made for a user of the broker."""
        return self.password_of(f"mqtt-{user}")

    def password_of(self, name: str) -> str:
        """What was made for a user of anything."""
        return (self.secrets / name).read_text().strip()

    def _environment(self) -> dict[str, str]:
        ssh = f"-F {self.folder}/ssh_config -o ControlMaster=auto -o ControlPersist=60s"
        return {
            **os.environ,
            "PATH": f"{ansible_folder()}:{os.environ['PATH']}",
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_SSH_ARGS": ssh,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
        }


class Played:
    """How a run of a playbook ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.text = done.stdout + done.stderr

    def recap(self, host: str) -> dict[str, int]:
        """Ansible's own sums for a host: ok, changed, failed, …"""
        (line,) = (
            line for line in self.text.splitlines() if line.startswith(f"{host} ") and "ok=" in line
        )
        pairs = (word.split("=") for word in line.split(":", 1)[1].split())
        return {key: int(value) for key, value in pairs}


@contextlib.contextmanager
def lab(folder: Path, suite: str) -> Iterator[Lab]:
    """Both machines booted, reachable, and with a way to Debian's packages."""
    debian.need("systemd-nspawn", "ssh", "ip")
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    fresh = debian.rootfs(suite, SYSTEM)
    ansible_folder()
    with contextlib.ExitStack() as stack:
        ends = dict(zip(("hub", "door"), stack.enter_context(plugs()), strict=True))
        stack.callback(shutil.rmtree, folder / "roots", ignore_errors=True)
        (folder / "roots").mkdir()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"],
                       check=True)  # fmt: skip
        config = SSH_CONFIG.format(folder=folder)
        for number, (name, plug) in enumerate(ends.items(), 1):
            root = folder / "roots" / name
            subprocess.run(["cp", "-a", "--reflink=auto", fresh, root], check=True)
            prepare(root, name, folder)
            config += SSH_HOST.format(
                name=name, namespace=plug.namespace, address=f"{PREFIX}.{number}"
            )
        (folder / "ssh_config").write_text(config)
        machines = {
            name: stack.enter_context(boot(folder, name, plug)) for name, plug in ends.items()
        }
        for name in ends:
            stack.enter_context(mirror(folder, name))
        made = Lab(folder, machines["hub"], machines["door"], ends["door"])
        copy_checkout(made.checkout)
        shutil.copytree(made.checkout / "ansible/inventory/example", made.inventory)
        (made.inventory / "host_vars/door.yml").unlink()
        (made.inventory / "lab.yml").write_text(json.dumps(INVENTORY))
        try:
            yield made
        finally:
            made.door.close()  # which may be another than the first


def prepare(root: Path, name: str, folder: Path) -> None:
    """What the first boot's assistant of an image sets: host name, user, key; and who is where."""
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/hosts").write_text(
        f"127.0.0.1 localhost {urlsplit(debian.mirror()).hostname}\n"  # through ssh, see mirror()
        f"{PREFIX}.1 hub.local hub\n{PREFIX}.2 door.local door\n"
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


def copy_checkout(target: Path) -> None:
    """The working tree's product, so that nobody's edit changes it between two runs."""
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "artefacts", "secrets")
    for entry in CHECKOUT:
        path = REPOSITORY / entry
        if path.is_dir():
            shutil.copytree(path, target / entry, ignore=ignored, dirs_exist_ok=True)
        else:
            (target / entry).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / entry)


def ansible_folder() -> Path:
    """Where ansible-playbook is: an environment of its own, made once."""
    ready = REPOSITORY / ".venv-fleet"
    if (ready / "ready").is_file():
        return ready / "bin"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"]["fleet"]
    key = hashlib.sha256(f"{sys.version_info[:2]} {wanted}".encode()).hexdigest()[:8]
    kept = debian.cache() / f"ansible-{key}"
    with debian.locked(kept):
        if not (kept / "ready").is_file():  # its scripts hold its name, so that it is made in place
            shutil.rmtree(kept, ignore_errors=True)
            venv.create(kept, with_pip=True)
            pip = [kept / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Ansible could not be installed: {done.stderr.strip()[-300:]}")
            (kept / "ready").touch()
    return kept / "bin"
