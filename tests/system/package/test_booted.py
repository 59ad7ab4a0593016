"""The package in a Debian that booted: installed, set up, upgraded, downgraded, removed, purged.

Trixie; AGENDER_SUITE=bookworm tries the other. The machine has no network: what is inside suffices.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import debian
from tests.system.machine import Machine, reading
from tests.system.package import packages
from tests.system.services import installed

pytestmark = pytest.mark.slow

VISION, PUBLISHER = installed.UNITS
BROKEN = {
    "import": {"edge/vision/process.py": "\nraise RuntimeError('made to fail')\n"},
    "start": {"edge/vision/process.py": "\ndef vision(*_, **__): raise SystemExit(3)\n"},
}
BROKER = "listener 1883 127.0.0.1\nallow_anonymous true\n"
TRACES = (
    "find / -xdev ( -path /proc -o -path /sys -o -path /srv -o -path /var/lib/dpkg -o -path /dev"
    " -o -path /var/log -o -path /usr/share -o -path /var/lib/systemd -o -path /var/cache ) -prune"
    " -o -iname *agender* -print"
)


@pytest.fixture(scope="module")
def debs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Revision 1, the same as 2, and two that fail, by how they do."""
    if not installed.CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {installed.CLIPS}")
    folder = tmp_path_factory.mktemp("debs")
    first = packages.built(folder)
    packages.remade(first, "2")
    for name, changes in BROKEN.items():
        packages.remade(first, f"3.{name}", changes)
    return folder


@pytest.fixture(scope="module")
def machine(debs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with a broker and the packages, nothing of ours installed."""
    root = debian.rootfs(packages.SUITE, installed.FROM_APT)
    binds = {debs: "/srv/debs", installed.CLIPS: "/srv/clips"}
    with Machine(root, binds, tmp_path_factory.mktemp("machine") / "console") as booted:
        booted.write("/etc/mosquitto/conf.d/test.conf", BROKER)
        booted.ok("systemctl", "restart", "mosquitto")
        booted.write("/before", "\n".join(sorted(booted.ok(*TRACES.split()).splitlines())))
        yield booted


def apt(machine: Machine, revision: str) -> subprocess.CompletedProcess[str]:
    """Install a revision as the guide says, with no archive in reach."""
    name = f"/srv/debs/agender-edge_0.1.0-{revision}~deb{packages.NUMBER}_amd64.deb"
    command = f"apt-get install --yes --quiet --allow-downgrades {name} 2>&1"
    return machine.run("env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command, timeout_s=300)


def init(machine: Machine, *more: str) -> str:
    """Set a device up that counts a recording of one person, over and over."""
    return machine.ok(
        "agender-edge", "init", "--place", "home", "--site", "shop", "--broker", "127.0.0.1",
        "--source", "/srv/clips/head-pose-face-detection-female.gif", "--detector", "near",
        "--window-s", "2", "--set", "source.realtime=true", "--set", "source.repeat=99999", *more,
        timeout_s=180,
    )  # fmt: skip


def counts(machine: Machine, device: str, number: int) -> list[dict]:
    """The next windows that arrive at the broker."""
    heard = machine.ok("mosquitto_sub", "-h", "127.0.0.1", "-R", "-C", str(number), "-W", "90",
                       "-t", f"agender/v2/shop/{device}/counts", timeout_s=120)  # fmt: skip
    return [json.loads(line) for line in heard.splitlines()]


def version(machine: Machine) -> str:
    return machine.ok("dpkg-query", "--show", "--showformat=${Version} ${db:Status-Abbrev}",
                      "agender-edge").strip()  # fmt: skip


def test_one_line_installs_and_one_sets_it_up(machine: Machine):
    """apt install ./…deb starts nothing; init leads to counts, with the package's own units."""
    done = apt(machine, "1")
    assert done.returncode == 0, done.stdout
    assert "sudo agender-edge init" in done.stdout
    assert machine.show(VISION, "ActiveState", "UnitFileState") == {
        "ActiveState": "inactive", "UnitFileState": "disabled"
    }  # fmt: skip
    assert "agender-edge 0.1.0" in machine.ok("agender-edge", "--version")
    init(machine, "--device", "door")
    first, second = counts(machine, "door", 2)
    assert (second["seq"], second["model"]) == (first["seq"] + 1, "agender_64")
    assert machine.ok("stat", "-c", "%U:%G %a", "/etc/agender-edge/config.toml") == (
        "root:agender 640\n"
    )
    fragment = machine.show(VISION, "FragmentPath")["FragmentPath"]
    assert fragment.endswith("/lib/systemd/system/agender-vision.service")
    assert not list((machine.root / "etc/systemd/system").glob("agender-*"))


def test_it_runs_beside_apts_numpy_and_the_doctor_finds_no_fault(machine: Machine):
    """But with the clock, which no container has; and with a kernel that controls no memory."""
    said = machine.run("agender-edge", "doctor", "--json")
    bad = {one["subject"] for one in json.loads(said.stdout) if one["state"] == "bad"}
    assert bad <= {"clock", "memory"}, said.stdout
    pid = machine.show(VISION, "MainPID")["MainPID"]
    maps = machine.ok("cat", f"/proc/{pid}/maps")
    assert "/usr/lib/python3/dist-packages/numpy/" in maps
    assert "/usr/lib/agender-edge/release/lib/" in maps


def test_an_upgrade_and_a_downgrade_lose_no_window(machine: Machine):
    """One subscriber hears every number throughout; configuration and numbering stay."""
    kept = machine.ok("cat", "/etc/agender-edge/config.toml")
    listen = "exec mosquitto_sub -h 127.0.0.1 -R -t agender/v2/shop/door/counts >/heard"
    with reading(machine.start("sh", "-c", listen)):
        counts(machine, "door", 1)
        for revision in ("2", "1"):
            pid = machine.show(VISION, "MainPID")["MainPID"]
            done = apt(machine, revision)
            assert done.returncode == 0, done.stdout
            assert version(machine) == f"0.1.0-{revision}~deb{packages.NUMBER} ii"
            assert machine.show(VISION, "MainPID")["MainPID"] != pid
            counts(machine, "door", 1)
    heard = [json.loads(line) for line in machine.ok("cat", "/heard").splitlines()]
    seqs = sorted({one["seq"] for one in heard})
    assert len(seqs) > 2
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert len({one["numbering"] for one in heard}) == 1
    assert machine.ok("cat", "/etc/agender-edge/config.toml") == kept
    assert not (machine.root / "usr/lib/agender-edge/previous").exists()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_release_that_fails_leaves_the_one_before_counting(machine: Machine, kind: str):
    """apt says why and ends with an error; another version mends it."""
    done = apt(machine, f"3.{kind}")
    assert done.returncode != 0
    assert "this release does not work here" in done.stdout, done.stdout
    assert "the one before it stays in use" in done.stdout
    assert "agender-edge 0.1.0" in machine.ok("agender-edge", "--version")
    before, after = counts(machine, "door", 2)
    assert after["seq"] == before["seq"] + 1
    if kind == "import":
        assert machine.run("dpkg", "--configure", "-a", timeout_s=200).returncode != 0
        counts(machine, "door", 1)
    done = apt(machine, "2")
    assert done.returncode == 0, done.stdout
    assert machine.ok("readlink", "/usr/lib/agender-edge/current") == "release\n"
    counts(machine, "door", 1)


def test_further_cameras_have_services_and_state_of_their_own(machine: Machine):
    """agender-edge@NAME beside the only one; neither sees the other's folders."""
    init(machine, "--instance", "till")
    (window,) = counts(machine, "till", 1)
    (other,) = counts(machine, "door", 1)
    assert window["numbering"] != other["numbering"]
    shown = machine.ok("stat", "-c", "%A %U %G", "/var/lib/agender-edge@till",
                       "/run/agender-edge@till")  # fmt: skip
    assert shown.splitlines() == ["drwxrws--- agender-vision agender"] * 2
    pid = machine.show("agender-vision@till.service", "MainPID")["MainPID"]
    assert machine.ok("ls", f"/proc/{pid}/root/var/lib") == "agender-edge@till\n"
    said = machine.run(
        "agender-edge", "doctor", "--json", "--config", "/etc/agender-edge/till.toml"
    )
    sandbox = [one for one in json.loads(said.stdout) if one["subject"] == "sandbox"]
    assert [one["state"] for one in sandbox] == ["good", "good"], sandbox
    assert "agender-vision@till.service" in sandbox[0]["text"]


def test_an_upgrade_starts_further_cameras_anew_too(machine: Machine):
    """And systemctl takes both services of one by its target."""
    pid = machine.show("agender-vision@till.service", "MainPID")["MainPID"]
    assert apt(machine, "1").returncode == 0
    assert machine.show("agender-vision@till.service", "MainPID")["MainPID"] != pid
    counts(machine, "till", 1)
    machine.ok("systemctl", "stop", "agender-edge@till.target")
    for unit in ("agender-vision@till", "agender-publisher@till"):
        stopped = (
            f"until test $(systemctl show -P ActiveState {unit}) = inactive; do sleep 0.1; done"
        )
        machine.ok("sh", "-c", stopped)
    machine.ok("systemctl", "start", "agender-edge@till.target")
    counts(machine, "till", 1)


def test_removed_it_leaves_what_is_the_owners_and_comes_back(machine: Machine):
    """Configuration, windows and what was enabled; installed again it counts by itself."""
    (last,) = counts(machine, "door", 1)
    machine.ok("apt-get", "remove", "--yes", "agender-edge", timeout_s=120)
    assert not (machine.root / "usr/lib/agender-edge").exists()
    assert (machine.root / "etc/agender-edge/config.toml").exists()
    assert machine.show(VISION, "LoadState")["LoadState"] == "not-found"
    assert apt(machine, "2").returncode == 0
    (window,) = counts(machine, "door", 1)
    assert window["numbering"] == last["numbering"]
    assert window["seq"] > last["seq"]
    counts(machine, "till", 1)


def test_purged_it_leaves_nothing(machine: Machine):
    """No file, no user, no unit that systemd would still know."""
    machine.write("/etc/credstore/agender-edge@till.mqtt-password", "x\n", 0o600)
    machine.ok("apt-get", "purge", "--yes", "agender-edge", timeout_s=120)
    left = set(machine.ok(*TRACES.split()).splitlines())
    assert left - set((machine.root / "before").read_text().splitlines()) == set()
    accounts = machine.ok("cat", "/etc/passwd", "/etc/group")
    assert "agender" not in accounts
    units = machine.ok("systemctl", "list-units", "--all", "--plain", "--no-legend", "agender*")
    assert [line for line in units.splitlines() if "not-found" not in line] == []


def test_a_machine_that_was_set_up_in_another_way_is_not_taken_over(machine: Machine):
    """Two installations would fight for the camera; the sentence says what to remove."""
    machine.write("/etc/systemd/system/agender-vision.service", "[Service]\nExecStart=/bin/true\n")
    done = apt(machine, "1")
    assert done.returncode != 0
    assert "this machine was set up without the package" in done.stdout
    machine.ok("rm", "/etc/systemd/system/agender-vision.service")
    machine.run("apt-get", "purge", "--yes", "agender-edge")
