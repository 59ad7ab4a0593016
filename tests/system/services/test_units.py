"""The unit files, as systemd itself judges them without starting anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[3] / "systemd"
EXPOSURE_MAX = 1.5

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze"
)


def analyze(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip


def copied(tmp_path: Path, unit: str, drop_in: str = "") -> Path:
    """The unit with a program that exists on this machine, so that only ours is judged."""
    # Templates need each other.
    for name in {unit, *(file.name for file in UNITS.glob("*@.*") if "@" in unit)}:
        text = (UNITS / name).read_text()
        changed = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", text, flags=re.M)
        (tmp_path / name).write_text(changed)
    target = tmp_path / unit
    if drop_in:
        folder = tmp_path / f"{unit}.d"
        folder.mkdir()
        shutil.copy(UNITS / "drop-ins" / drop_in, folder)
    return target


@pytest.mark.parametrize(
    ("unit", "drop_in"),
    [
        ("agender-vision.service", ""),
        ("agender-publisher.service", ""),
        ("agender-vision@.service", ""),
        ("agender-publisher@.service", ""),
        ("agender-page@.service", ""),
        ("agender-edge@.target", ""),
        ("agender-edge-folders@.service", ""),
        ("agender-hub.service", ""),
        ("agender-page.service", ""),
        ("agender-vision.service", "reboot-when-stuck.conf"),
        ("agender-vision.service", "network-camera.conf"),
    ],
)
def test_systemd_has_nothing_to_say_against_a_unit(tmp_path: Path, unit: str, drop_in: str):
    """An unknown key is only a warning and exits 0: nothing at all may be printed."""
    done = analyze("verify", "--man=no", str(copied(tmp_path, unit, drop_in)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_has_nothing_to_say_against_the_user_unit(tmp_path: Path):
    """As the manager of a user, who has no root, reads it."""
    (tmp_path / "user").mkdir()
    unit = copied(tmp_path, "user/agender-edge.service")
    done = analyze("--user", "verify", "--man=no", str(unit), XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_this_test_sees_an_unknown_key(tmp_path: Path):
    """Silence means something: a misspelt key is reported."""
    unit = copied(tmp_path, "agender-vision.service")
    unit.write_text(unit.read_text().replace("PrivateNetwork", "PrivateNetwerk"))
    assert "PrivateNetwerk" in analyze("verify", "--man=no", str(unit)).stderr


@pytest.mark.parametrize(
    "unit",
    [
        "agender-vision.service",
        "agender-publisher.service",
        "agender-page.service",
        "agender-hub.service",
    ],
)
def test_exposure_is_low(unit: str):
    """systemd's own score, from 0 (closed) to 10 (open), is at most 1.5."""
    done = analyze(
        "security", "--offline=true", f"--threshold={int(EXPOSURE_MAX * 10)}", "--no-pager",
        str(UNITS / unit),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    score = float(done.stdout.split(".service: ")[1].split()[0])
    assert 0 < score <= EXPOSURE_MAX


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("agender-vision.service", "PrivateNetwork=yes"),
        ("agender-vision.service", "LimitCORE=0"),
        ("agender-vision.service", "MemorySwapMax=0"),
        ("agender-vision.service", "Type=notify"),
        ("agender-publisher.service", "PrivateDevices=yes"),
        ("agender-publisher.service", "LimitCORE=0"),
        ("agender-publisher.service", "MemorySwapMax=0"),
        ("agender-publisher.service", "Type=notify"),
        ("agender-page.service", "PrivateDevices=yes"),
        ("agender-page.service", "LimitCORE=0"),
        ("agender-page.service", "SystemCallFilter=~connect"),
        ("agender-page.service", "BindPaths=/run/agender-edge/page"),
        ("agender-page@.service", "SystemCallFilter=~connect"),
        ("agender-page@.service", "BindPaths=/run/agender-edge@%i/page"),
    ],
)
def test_what_keeps_pictures_here_is_set(unit: str, line: str):
    """The promises of the documentation are lines of the units."""
    assert line in (UNITS / unit).read_text().splitlines()


def bound(*files: str) -> set[str]:
    """What a service sees of /run beside its own folder."""
    lines = [line for file in files for line in (UNITS / file).read_text().splitlines()]
    key = "BindReadOnlyPaths="
    return {
        name for line in lines if line.startswith(key) for name in line.removeprefix(key).split()
    }


def test_a_network_cameras_name_is_resolved_as_the_brokers_is():
    """By the files and sockets of resolvers, which vision alone does not see."""
    vision, publisher = bound("agender-vision.service"), bound("agender-publisher.service")
    resolvers = publisher - vision
    assert "-/run/avahi-daemon/socket" in resolvers
    assert bound("agender-vision.service", "drop-ins/network-camera.conf") == vision | resolvers


def test_the_watchdog_is_more_patient_than_the_camera():
    """Vision first opens a silent camera again by itself; only then is it restarted."""
    from edge.config.seen import Source  # noqa: PLC0415 - beside the figure it is compared with

    lines = (UNITS / "agender-vision.service").read_text().splitlines()
    (patience,) = (line for line in lines if line.startswith("WatchdogSec="))
    assert int(patience.removeprefix("WatchdogSec=").removesuffix("s")) > Source().give_up_s


def test_users_and_folders_are_declared_for_both(tmp_path: Path):
    """systemd-sysusers and systemd-tmpfiles accept the files, in an empty system."""
    for program in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    (tmp_path / "etc").mkdir()
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "agender-edge.sysusers")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    passwd = (tmp_path / "etc" / "passwd").read_text()
    assert "agender-vision:" in passwd
    assert "agender-publisher:" in passwd
    assert "agender-page:" in passwd
    assert "agender:" in (tmp_path / "etc" / "group").read_text()


def test_the_templates_are_made_from_the_units():
    """Whatever protects the only camera protects each of several."""
    done = subprocess.run([sys.executable, UNITS / "make-templates", "--check"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
