"""Our systemd units as they are on this machine, and what really confines their processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from edge.config.read import instance_of
from edge.host import exposure, readings

VISION, PUBLISHER = "agender-vision.service", "agender-publisher.service"
STATE = "/var/lib/agender-edge"
"""Where the services keep their state; those of one camera of several add @ and its name."""
PAGE = "agender-page.service"
"""Skipped unless `page.enabled`."""

PROC = Path("/proc")

_PROPERTIES = ("LoadState", "ActiveState", "MainPID", "StatusText", "NRestarts", "Environment")

_SECCOMP_FILTER = 2
"""SECCOMP_MODE_FILTER in <linux/seccomp.h>, as /proc/PID/status tells it."""

_OURS = VISION.removesuffix(".service").encode()
"""In the control group of vision, of the only camera and of one of several."""

_CAMERAS = ("video", "media", "v4l", "dma_heap", "vchiq", "vcio")


class Unit(NamedTuple):
    """A unit: whether it is installed and runs, as which process, and how it says it is."""

    name: str
    installed: bool = False
    active: bool = False
    pid: int = 0
    status: str = ""
    restarts: int = 0
    environment: tuple[str, ...] = ()
    starting: bool = False
    """On its way up, or waiting to be started once more."""


def look(name: str) -> Unit:
    """The unit as the service manager tells it; not installed where there is no such manager."""
    command = ["systemctl", "show", name, *(f"--property={key}" for key in _PROPERTIES)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return Unit(name)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return Unit(
        name,
        installed=told.get("LoadState") == "loaded",
        active=told.get("ActiveState") in ("active", "reloading"),
        pid=int(told.get("MainPID", "0")),
        status=told.get("StatusText", ""),
        restarts=int(told.get("NRestarts", "0") or 0),
        environment=tuple(told.get("Environment", "").split()),
        starting=told.get("ActiveState") == "activating",
    )


def of_instance(instance: str) -> tuple[str, str]:
    """Vision's and publisher's unit; of one camera of several by its name, else empty."""
    return _named(VISION, instance), _named(PUBLISHER, instance)


def page_of(instance: str) -> str:
    """The page's unit, likewise."""
    return _named(PAGE, instance)


def instance_in(folder: str) -> str:
    """Which camera of several keeps its state there; empty: the only one, or none of them."""
    return folder.removeprefix(f"{STATE}@") if folder.startswith(f"{STATE}@") else ""


def of_state(folder: str) -> tuple[str, str]:
    """Vision's and publisher's unit of the camera that keeps its state there."""
    return of_instance(instance_in(folder))


def _named(unit: str, instance: str) -> str:
    return unit.replace(".", f"@{instance}.", 1) if instance else unit


def adopt_folders(file: Path | None = None) -> None:
    """Look where the services look: take their STATE_DIRECTORY= and RUNTIME_DIRECTORY=.

    Those of the camera that `file` configures: /etc/agender-edge/NAME.toml is one of several.
    Without effect where these are set already, or no unit is installed.
    """
    for setting in look(of_instance(instance_of(file))[0]).environment:
        name, _, value = setting.partition("=")
        if name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
            os.environ.setdefault(name, value)


class Confinement(NamedTuple):
    """What the kernel says of a process. None: it may not be asked (root may)."""

    network: bool | None
    """Whether it has any network interface but the loopback."""
    cameras: tuple[str, ...] | None
    """Devices of cameras that it sees."""
    root: bool
    capable: bool
    """Whether it has any capability."""
    may_gain: bool
    """Whether a program that it starts may have more rights than itself."""
    filtered: bool
    """Whether its system calls are filtered."""
    dumps_core: bool
    sockets: tuple[str, ...] | None
    """Sockets of other programs within its reach."""
    swappable: bool
    """Whether its memory may come to lie on a disk."""


def confinement(pid: int) -> Confinement:
    """How a process is confined, by the kernel's own books. OSError where it is gone."""
    proc = PROC / str(pid)
    status = dict(
        line.split(":\t", 1) for line in (proc / "status").read_text().splitlines() if ":\t" in line
    )
    limits = (proc / "limits").read_text().splitlines()
    core = next(line.split()[4] for line in limits if line.startswith("Max core file size"))
    user = int(status["Uid"].split()[1])
    # The kernel gives the books of a process that may not be dumped to root.
    dumpable = proc.stat().st_uid == user or user == 0
    return Confinement(
        network=_network(proc),
        cameras=_cameras(proc),
        root="0" in status["Uid"].split()[:2],
        capable=int(status["CapEff"], 16) != 0,
        may_gain=status["NoNewPrivs"].strip() != "1",
        filtered=status["Seccomp"].strip() == str(_SECCOMP_FILTER),
        dumps_core=core != "0" and dumpable,
        sockets=_sockets(proc),
        swappable=exposure.may_be_swapped(PROC, pid=str(pid)),
    )


def _network(proc: Path) -> bool | None:
    """Its own namespace is needed too: a machine without any interface but lo gets one later."""
    try:
        if (proc / "ns" / "net").readlink() == (PROC / "1" / "ns" / "net").readlink():
            return True
    except OSError:
        pass  # only root may compare them; the interfaces tell nearly as much
    return readings.has_network(proc / "net" / "dev")


def _sockets(proc: Path) -> tuple[str, ...] | None:
    try:
        (proc / "root" / "run").stat()
        own = Path(os.environ.get("RUNTIME_DIRECTORY", "/run/agender-edge"))
        return tuple(exposure.foreign_sockets(own, proc / "root", exposure.anybody_may_write))
    except OSError:
        return None


def _cameras(proc: Path) -> tuple[str, ...] | None:
    try:
        names = sorted(path.name for path in (proc / "root" / "dev").iterdir())
    except OSError:
        return None
    return tuple(name for name in names if name.startswith(_CAMERAS))


def unsupervised() -> list[int]:
    """Processes of vision that no unit of ours started: those of `agender-edge run`, or by hand."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = _OURS in (entry / "cgroup").read_bytes()
        except OSError:
            continue
        started = (b"-m", b"edge", b"vision")
        if not ours and any(tuple(words[i : i + 3]) == started for i in range(len(words))):
            found.append(int(entry.name))
    return sorted(found)
