"""The page's commands, as they stand, on a Debian Trixie that booted and has no network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.flash import wheels
from tests.main_job.program import wait_for
from tests.system import debian
from tests.system.machine import Machine
from tests.system.raspberry_pi.page import ROOT, configuration, to_run
from tests.system.services import installed

pytestmark = pytest.mark.slow

CHECKOUT = (*wheels.PROJECT, *wheels.PACKAGES, str(wheels.LOCKS))

# What apt would bring is there already, and we are root.
AS_WRITTEN = """set -euo pipefail
sudo() { case $1 in apt) ;; *) "$@" ;; esac; }
export PIP_NO_INDEX=1 PIP_FIND_LINKS='/srv/wheels /srv/build' PIP_DISABLE_PIP_VERSION_CHECK=1
cd /root
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install .` itself needs."""
    folder = tmp_path_factory.mktemp("build")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    done = subprocess.run([*command, "setuptools>=77"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"setuptools can't be had: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture(scope="module")
def pi(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with a checkout, the configuration of the page, and a clip instead of a camera."""
    if not installed.CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {installed.CLIPS}")
    root = debian.rootfs("trixie", installed.FROM_APT)
    binds = {installed.wheels("trixie"): "/srv/wheels", built: "/srv/build",
             installed.CLIPS: "/srv/clips"}  # fmt: skip
    with Machine(root, binds, tmp_path_factory.mktemp("pi") / "console") as machine:
        packed = subprocess.Popen(
            ["tar", "--exclude=__pycache__", "-C", ROOT, "-c", *CHECKOUT], stdout=subprocess.PIPE
        )
        target = machine.root / "root" / "agender-edge"
        target.mkdir(parents=True)
        subprocess.run(["tar", "-C", target, "-x"], stdin=packed.stdout, check=True)
        assert packed.wait() == 0
        clip = (
            'uri = "/srv/clips/head-pose-face-detection-female.gif"\nrealtime = true\nrepeat = 9999'
        )
        text = configuration().replace('uri = "picamera"', clip)
        text += '\n[detector]\nmodel = "near"\n[window]\nlength_s = 2.0\n'
        machine.write("/etc/agender-edge/config.toml", text)
        yield machine


def test_the_page_leads_to_counts(pi: Machine):
    """Every block that needs no real Pi, in order, in one shell; each line must succeed."""
    lines = "\n".join(f"echo '== {block.use}'\n{block.text}" for block in to_run())
    # The clock of a container is never synchronised: the doctor must find that, and only that.
    lines = lines.replace("sudo agender-edge doctor", "{ sudo agender-edge doctor || true; }")
    done = pi.run("bash", "-c", AS_WRITTEN + lines, timeout_s=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    parts = {part.split("\n", 1)[0]: part for part in done.stdout.split("== run: ")[1:]}
    assert set(parts) == {block.use.removeprefix("run: ") for block in to_run()}
    counts = json.loads(parts["look"].split("agender/v2/shop/door/counts ")[1].splitlines()[0])
    assert counts["model"] == "agender_64"
    assert {"line_entrance_in", "zone_shelf_people"} <= set(counts)
    # The page sets k = 5, under which no line may tell how busy the scene was.
    assert "watching" in parts["look"]
    assert "frames processed" not in parts["look"]
    assert "no network" in parts["privacy"]
    interfaces = [line.split(":")[0].strip() for line in parts["privacy"].splitlines()[2:]
                  if ":" in line and "bytes" not in line]  # fmt: skip
    assert interfaces[0] == "lo"
    assert "eth" not in "".join(interfaces[:3])


def test_init_does_the_same_in_one_line(pi: Machine):
    """It replaces what was set up by hand only if told to; then the new device counts."""
    pi.write("/root/door.password", "correct horse\n")
    words = (
        "init", "--place", "home", "--site", "shop", "--device", "till", "--broker", "localhost",
        "--username", "door", "--password-file", "/root/door.password", "--detector", "near",
        "--source", "/srv/clips/head-pose-face-detection-female.gif", "--window-s", "2",
        "--set", "source.realtime=true", "--set", "source.repeat=9999",
    )  # fmt: skip
    refused = pi.run("agender-edge", *words)
    assert (refused.returncode, "is there already" in refused.stderr) == (1, True)
    assert 'name = "door"' in pi.ok("cat", "/etc/agender-edge/config.toml")
    wrong = pi.run("agender-edge", *words, "--force", "--set", "mqtt.port=1")
    assert wrong.returncode == 1
    active = {"ActiveState": "active"}
    wait_for(lambda: pi.show("agender-vision.service", "ActiveState") == active, "vision as before")
    done = pi.run("agender-edge", *words, "--force", timeout_s=180)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert 'name = "door"' in pi.ok("cat", "/etc/agender-edge/config.toml.old")
    assert pi.ok("stat", "-c", "%U:%G %a", "/etc/agender-edge/config.toml") == "root:agender 640\n"
    heard = pi.ok("mosquitto_sub", "-h", "localhost", "-u", "viewer", "-P", "battery staple",
                  "-t", "agender/v2/shop/till/counts", "-C", "1", "-W", "60")  # fmt: skip
    assert json.loads(heard)["model"] == "agender_64"


def test_afterwards_the_doctor_finds_nothing_wrong_but_the_clock(pi: Machine):
    """And the memory controller where the kernel has none; today's release runs."""
    done = pi.run("agender-edge", "doctor", "--json")
    bad = [finding for finding in json.loads(done.stdout) if finding["state"] == "bad"]
    controlled = pi.run("grep", "-qw", "memory", "/sys/fs/cgroup/cgroup.controllers")
    expected = {"clock"} | ({"memory"} if controlled.returncode else set())
    assert {finding["subject"] for finding in bad} <= expected, bad
    current = pi.ok("readlink", "/opt/agender-edge/current").strip()
    assert "by-hand" not in current
    pid = pi.show("agender-vision.service", "MainPID")["MainPID"]
    assert f"{current}/" in pi.ok("readlink", f"/proc/{pid}/cwd") + pi.ok(
        "cat", f"/proc/{pid}/maps"
    )
