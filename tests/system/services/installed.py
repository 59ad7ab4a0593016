"""Puts the product into a booted machine as an installation would, from the working tree."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from tests.system import debian
from tests.system.machine import Machine

REPOSITORY = Path(__file__).parents[3]
CLIPS = REPOSITORY.parent / "shared" / "data" / "clips"
SUITES = {11: "bookworm", 13: "trixie"}
PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "mosquitto", "mosquitto-clients")

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


def root() -> Path:
    """The Debian whose Python is the one that runs the tests, so that its wheels fit."""
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    suite = SUITES.get(sys.version_info.minor)
    if suite is None:
        pytest.skip(f"no Debian here has Python 3.{sys.version_info.minor}")
    return debian.rootfs(suite, PACKAGES)


def binds() -> dict[Path, str]:
    """Our code, what it depends on, and footage."""
    return {
        REPOSITORY: "/opt/agender-edge/src",
        Path(sysconfig.get_path("platlib")): "/opt/agender-edge/site",
        CLIPS: "/srv/clips",
    }


def install(machine: Machine) -> None:
    """Units, users, folders, configuration, credentials and a broker that wants a password."""
    machine.write("/opt/agender-edge/current/bin/agender-edge", PROGRAM, 0o755)
    machine.write("/etc/agender-edge/config.toml", CONFIG)
    for unit in UNITS:
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
        f"ExecStart=/usr/bin/python3 -B /run/probe/{name}.py\n"
        "Environment=PYTHONPATH=/opt/agender-edge/src:/opt/agender-edge/site\n"
        f"StandardOutput=truncate:/run/probe/{name}.out\nStandardError=journal\n{more}\n"
    )
    machine.write(f"/run/probe/{name}.py", code)
    machine.write(f"/run/systemd/system/{name}", (REPOSITORY / "systemd" / unit).read_text())
    machine.write(f"/run/systemd/system/{name}.d/probe.conf", ours)
    machine.ok("systemctl", "daemon-reload")
    done = machine.run("systemctl", "start", name)
    assert done.returncode == 0, machine.journal(name)
    return (machine.root / f"run/probe/{name}.out").read_text()
