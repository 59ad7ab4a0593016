"""Puts the product into a booted machine as an installation would, from the working tree.

AGENDER_SUITE=trixie tries it on another Debian than the one whose Python runs the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.system import debian
from tests.system.machine import Machine

REPOSITORY = Path(__file__).parents[3]
CLIPS = REPOSITORY.parent / "shared" / "data" / "clips"
SUITES = {11: "bookworm", 13: "trixie"}
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "python3",
    "mosquitto",
    "mosquitto-clients",
)
FROM_APT = (*PACKAGES, "python3-numpy", "python3-venv")
"""With the numpy that a device has; the wheels of its lock go beside it."""

PROGRAM = """#!/bin/sh
export PYTHONPATH=/opt/agender-edge/src:/opt/agender-edge/site
exec /usr/bin/python3 -B -m edge "$@"
"""

CONFIG = """
[device]
site = "test"
name = "machine"
[source]
uri = "/srv/clips/head-pose-face-detection-female.gif"
realtime = true
repeat = 100000
[detector]
model = "near"
[window]
length_s = 2.0
[mqtt]
host = "127.0.0.1"
username = "machine"
"""

BROKER = """
listener 1883 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/passwords
"""

UNITS = ("agender-vision.service", "agender-publisher.service")
PAGE = "agender-page.service"


def root() -> Path:
    """The Debian whose Python is the one that runs the tests, so that its wheels fit."""
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    if asked := os.environ.get("AGENDER_SUITE"):
        return debian.rootfs(asked, FROM_APT)
    suite = SUITES.get(sys.version_info.minor)
    if suite is None:
        pytest.skip(f"no Debian here has Python 3.{sys.version_info.minor}")
    return debian.rootfs(suite, PACKAGES)


def binds() -> dict[Path, str]:
    """Our code, what it depends on, and footage."""
    asked = os.environ.get("AGENDER_SUITE")
    return {
        REPOSITORY: "/opt/agender-edge/src",
        site(asked) if asked else Path(sysconfig.get_path("platlib")): "/opt/agender-edge/site",
        CLIPS: "/srv/clips",
    }


def wheels(suite: str) -> Path:
    """The wheels of the suite's lock in a folder, from the package index once."""
    artefacts = debian.cache() / "artefacts"
    done = subprocess.run(
        [sys.executable, REPOSITORY / "ansible" / "make-artefact", "--suite", suite,
         "--arch", "amd64", "--to", artefacts],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the wheels of the lock can't be had: {done.stderr.strip()[-300:]}")
    packed = Path(json.loads(done.stdout)["wheels"])

    def unpack(folder: Path) -> None:
        folder.mkdir()
        subprocess.run(["tar", "-C", folder, "-xf", packed], check=True)

    folder = debian.made_once(packed.with_suffix(""), unpack)
    return next(folder.rglob("*.whl")).parent


def site(suite: str) -> Path:
    """These wheels unpacked, for a Python that is not ours."""
    packed = wheels(suite)

    def unpack(folder: Path) -> None:
        found = [str(path) for path in sorted(packed.glob("*.whl"))]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
             "--target", folder, "--python-version", PYTHON[suite], "--only-binary", ":all:",
             "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64",
             "--platform", "manylinux_2_27_x86_64", *found],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    return debian.made_once(packed.with_name(f"{packed.name}.site"), unpack)


def install(machine: Machine) -> None:
    """Units, users, folders, configuration, credentials and a broker that wants a password."""
    machine.write("/opt/agender-edge/current/bin/agender-edge", PROGRAM, 0o755)
    machine.write("/etc/agender-edge/config.toml", CONFIG)
    for unit in (*UNITS, PAGE):
        machine.write(f"/etc/systemd/system/{unit}", (REPOSITORY / "systemd" / unit).read_text())
    for kind in ("sysusers", "tmpfiles"):
        text = (REPOSITORY / "systemd" / f"agender-edge.{kind}").read_text()
        machine.write(f"/etc/{kind}.d/agender-edge.conf", text)
    machine.ok("systemd-sysusers")
    machine.ok("systemd-tmpfiles", "--create")
    machine.write("/etc/credstore/agender-edge.mqtt-password", "correct horse\n", 0o600)
    machine.ok("mosquitto_passwd", "-c", "-b", "/etc/mosquitto/passwords", "machine",
               "correct horse")  # fmt: skip
    machine.ok("chown", "mosquitto", "/etc/mosquitto/passwords")
    machine.write("/etc/mosquitto/conf.d/test.conf", BROKER)
    machine.ok("systemctl", "restart", "mosquitto")
    machine.ok("systemctl", "daemon-reload")


def probe(machine: Machine, unit: str, code: str, more: str = "") -> str:
    """What a Python program prints when run in the sandbox of a unit, instead of ours.

    `more` are lines that are added to the unit.
    """
    name = unit.replace("agender-", "probe-")
    ours = (
        "[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\n"
        f"ExecStart=/usr/bin/python3 -B /usr/local/lib/probe/{name}.py\n"
        "Environment=PYTHONPATH=/opt/agender-edge/src:/opt/agender-edge/site\n"
        f"StandardOutput=truncate:/run/probe/{name}.out\nStandardError=journal\n{more}\n"
    )
    machine.write(f"/usr/local/lib/probe/{name}.py", code)
    machine.ok("mkdir", "-p", "/run/probe")
    machine.write(f"/run/systemd/system/{name}", (REPOSITORY / "systemd" / unit).read_text())
    machine.write(f"/run/systemd/system/{name}.d/probe.conf", ours)
    machine.ok("systemctl", "daemon-reload")
    done = machine.run("systemctl", "start", name)
    assert done.returncode == 0, machine.journal(name)
    return (machine.root / f"run/probe/{name}.out").read_text()
