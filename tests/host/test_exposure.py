"""What a process could give away by ways of the system: dumps, swap, sockets, unlimited memory."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.host import exposure

HEAD = "Filename\tType\tSize\tUsed\tPriority\n"


def machine(folder: Path, swaps: str = "", **limits: str) -> tuple[Path, Path]:
    """/proc and /sys of a machine whose vision is in a group with these limits."""
    proc, system = folder / "proc", folder / "sys"
    (proc / "self").mkdir(parents=True)
    (proc / "swaps").write_text(HEAD + swaps)
    (proc / "self" / "cgroup").write_text("0::/system.slice/agender-vision.service\n")
    group = system / "fs/cgroup/system.slice/agender-vision.service"
    group.mkdir(parents=True)
    (system / "fs/cgroup/cgroup.controllers").write_text("cpuset cpu io pids\n")
    for name, value in limits.items():
        (group / name.replace("__", ".")).write_text(f"{value}\n")
    for number in range(2):
        (system / f"block/zram{number}").mkdir(parents=True)
    (system / "block/zram0/backing_dev").write_text("none\n")
    (system / "block/zram1/backing_dev").write_text("/dev/loop0\n")
    return proc, system


FILE = "/var/swap file 524288 0 -2\n"


@pytest.mark.parametrize(
    ("swaps", "limits", "swapped"),
    [
        ("", {}, False),
        (FILE, {}, True),
        (FILE, {"memory__swap__max": "max"}, True),
        (FILE, {"memory__swap__max": "0"}, False),
        ("/dev/zram0 partition 1 0 100\n", {}, False),
        ("/dev/zram1 partition 1 0 100\n", {}, True),
        (f"/dev/zram0 partition 1 0 100\n{FILE}", {}, True),
        ("/dev/mmcblk0p3 partition 1 0 -2\n", {}, True),
    ],
    ids=["none", "file", "no limit", "limit 0", "zram", "zram that writes back", "both", "card"],
)
def test_swap_on_a_disk_is_told_from_none(tmp_path: Path, swaps: str, limits: dict, swapped: bool):
    """A limit of 0 helps only where the memory controller is there to keep it."""
    assert exposure.may_be_swapped(*machine(tmp_path, swaps, **limits)) is swapped


@pytest.mark.parametrize(
    ("limits", "limited"),
    [({}, False), ({"memory__max": "max"}, False), ({"memory__max": "9"}, True)],
)
def test_a_memory_limit_is_what_the_kernel_holds(tmp_path: Path, limits: dict, limited: bool):
    """Not what a unit says: with the controller off there is no such file."""
    assert exposure.memory_limited(*machine(tmp_path, **limits)) is limited


def test_a_folder_with_too_many_files_is_not_called_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was not looked at may hold a socket; the other folders are looked at all the same."""
    monkeypatch.setattr(exposure, "ENTRIES_MAX", 3)
    for name in ("tmp", "run"):
        (tmp_path / name).mkdir()
    for number in range(4):
        (tmp_path / "tmp" / f"{number}").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "run" / "other"))
        found = exposure.foreign_sockets(root=tmp_path)
    assert found == ["/run/other", "/tmp (too many files to look at)"]


def test_the_memory_controller_of_raspberry_pi_os_is_off(tmp_path: Path):
    """cgroup_disable=memory: it is missing among the controllers."""
    _, system = machine(tmp_path)
    controllers = system / "fs/cgroup/cgroup.controllers"
    assert exposure.memory_controlled(system) is False
    controllers.write_text("cpuset cpu io memory pids\n")
    assert exposure.memory_controlled(system) is True
    controllers.unlink()
    assert exposure.memory_controlled(system) is None


def listening(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    return server


def test_sockets_of_others_are_found_and_our_own_are_not(tmp_path: Path):
    """D-Bus, avahi, anything below /run or /tmp; where nothing is, nothing is found."""
    servers = [
        listening(tmp_path / name)
        for name in ("run/dbus/system_bus_socket", "tmp/x", "run/agender-edge/vision.sock",
                     "run/systemd/notify")
    ]  # fmt: skip
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to(tmp_path / "run")
    assert exposure.foreign_sockets(Path("/run/agender-edge"), tmp_path) == [
        "/run/dbus/system_bus_socket",
        "/tmp/x",
    ]
    for server in servers:
        server.close()
    assert exposure.foreign_sockets(None, tmp_path / "run/agender-edge") == []


CRASH = (
    "import os, signal, resource; from edge.host import exposure; {forbid}; "
    "print(exposure.dumps_core(), flush=True); os.kill(os.getpid(), signal.SIGSEGV)"
)


def let_dump() -> None:
    """`ulimit -c unlimited`."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def crashed(folder: Path, forbid: str) -> tuple[str, bool]:
    """Let a process crash with no limit on core dumps: what it says of itself, and what dumped."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH.format(forbid=forbid)], cwd=folder, text=True,
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        preexec_fn=let_dump,
    )  # fmt: skip
    assert done.returncode == -signal.SIGSEGV
    return done.stdout.strip(), any(folder.iterdir())


def test_a_crash_leaves_no_memory_behind(tmp_path: Path):
    """Where it would: with `ulimit -c unlimited` and a SEGV."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    said, dumped = crashed(tmp_path, "pass")
    if "/" in pattern or pattern.startswith("|") or not dumped:
        assert said == "True"
        pytest.skip(f"core dumps go elsewhere here: {pattern}")
    for file in tmp_path.iterdir():
        file.unlink()
    assert crashed(tmp_path, "exposure.forbid_core_dumps()") == ("False", False)


def said(code: str) -> str:
    """What a program prints, in a process of its own that may dump its memory."""
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())}, preexec_fn=let_dump,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("verb", ["vision", "publisher"])
def test_both_processes_forbid_core_dumps_before_they_do_anything(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Started by hand too, where no unit does it for them."""
    code = (
        "import sys; from edge import cli; from edge.host import exposure\n"
        "import edge.outbox.claim\n"
        "def told(*_):\n    print(exposure.dumps_core()); sys.exit(0)\n"
        "edge.outbox.claim.claim_counting = edge.outbox.claim.claim_delivery = told\n"
        f"cli.main(['{verb}', '--set', 'paths.state={tmp_path}'])"
    )
    assert said(code) == "False"


@pytest.mark.parametrize(("verb", "first"), [("bench", "measure"), ("doctor", "CHECKS")])
def test_who_looks_into_a_camera_by_hand_forbids_them_too(verb: str, first: str):
    """`bench` and `doctor` hold frames as vision does."""
    code = (
        f"import sys; from edge import cli; from edge.diagnostics import {verb}\n"
        "from edge.host import exposure\n"
        "def told(*_):\n    print(exposure.dumps_core()); sys.exit(0)\n"
        f"assert hasattr({verb}, '{first}')\n"
        f"{verb}.{first} = [told] if '{first}'.isupper() else told\n"
        f"cli.main(['{verb}'])"
    )
    assert said(code) == "False"


def test_who_sets_a_device_up_forbids_them_before_camera_and_password_are_tried():
    """`init` takes a frame too, and holds the password that was typed."""
    code = (
        "import sys; from edge.config.tables import Config; from edge.init import trial\n"
        "from edge.host import exposure\n"
        "def told(*_):\n    print(exposure.dumps_core()); sys.exit(0)\n"
        "assert hasattr(trial, 'check_models')\n"
        "trial.check_models = told\n"
        "trial.try_out(Config(), 'secret', untested=False)"
    )
    assert said(code) == "False"
