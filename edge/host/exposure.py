"""What this process could give away by ways of the system, and shutting what it can itself."""

from __future__ import annotations

import ctypes
import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

PROC, SYS = Path("/proc"), Path("/sys")
_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4  # <linux/prctl.h>

SOCKET_FOLDERS = (Path("/run"), Path("/var/run"), Path("/tmp"), Path("/dev"))
"""Where programs put their sockets."""
HARMLESS = ("/run/systemd/notify",)
"""What every service is meant to reach: it takes a few words and gives none on."""
ENTRIES_MAX = 20_000


def forbid_core_dumps() -> None:
    """Let the kernel write no memory of this process to a disk when it crashes.

    The limit alone would not do: a program that the kernel pipes dumps to does not know it. Not
    being dumpable also keeps other processes of the same user from reading our memory.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def dumps_core(proc: Path = PROC) -> bool:
    """Whether a crash of this process may leave its memory behind."""
    if ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0:
        return False
    piped = _text(proc / "sys/kernel/core_pattern").startswith("|")
    return piped or resource.getrlimit(resource.RLIMIT_CORE)[0] != 0


def may_be_swapped(proc: Path = PROC, system: Path = SYS, pid: str = "self") -> bool:
    """Whether a process' memory may come to lie on a disk: there is swap, and no limit of 0 on it.

    Compressed memory (zram) is memory, unless it writes to a device behind it.
    """
    if not any(_on_disk(line, system) for line in _text(proc / "swaps").splitlines()[1:]):
        return False
    return not any(limit == "0" for limit in _limits("memory.swap.max", proc, system, pid))


def memory_limited(proc: Path = PROC, system: Path = SYS, pid: str = "self") -> bool:
    """Whether its control group limits its memory: false too where the controller is off."""
    return any(limit not in ("", "max") for limit in _limits("memory.max", proc, system, pid))


def memory_controlled(system: Path = SYS) -> bool | None:
    """Whether the kernel's memory controller is on, without which no unit's limit does anything.

    None where there is no cgroup v2. Raspberry Pi OS starts with it off.
    """
    controllers = system / "fs/cgroup/cgroup.controllers"
    return "memory" in _text(controllers).split() if controllers.exists() else None


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def anybody_may_write(path: Path) -> bool:
    """Whether its mode lets every user in: how root judges for another process.

    False for one that has gone meanwhile; what can't be looked at raises OSError.
    """
    try:
        return bool(path.stat().st_mode & stat.S_IWOTH)
    except FileNotFoundError:
        return False


def foreign_sockets(
    own: Path | None = None,
    root: Path = Path("/"),
    may_write: Callable[[Path], bool] = _writable,
) -> list[str]:
    """Sockets of other programs that a process may connect to, by path; OSError where it is gone.

    A network namespace does not keep a process from these. `own` is the folder of our own, `root`
    where the process sees its files, another one's at /proc/PID/root. A folder with too many files
    to look at is told as one that may hold some.
    """
    found: set[str] = set()
    for folder in SOCKET_FOLDERS:
        try:
            for path in _sockets(root / folder.relative_to("/")):
                name = f"/{path.relative_to(root)}"
                ours = own is not None and Path(name).parent == own
                if not ours and name not in HARMLESS and may_write(path):
                    found.add(name)
        except _TooManyFilesError:
            found.add(f"{folder} (too many files to look at)")
    return sorted(found)


class _TooManyFilesError(Exception):
    """Not all of a folder was looked at."""


def _sockets(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return  # /var/run is /run
    seen = 0
    for where, _, names in os.walk(folder, onerror=None, followlinks=False):
        for name in names:
            seen += 1
            if seen > ENTRIES_MAX:
                raise _TooManyFilesError
            path = Path(where, name)
            try:
                if stat.S_ISSOCK(path.lstat().st_mode):
                    yield path
            except OSError:
                continue


def _limits(name: str, proc: Path, system: Path, pid: str) -> Iterator[str]:
    """A limit's value in the process' control group and in each above it."""
    line = _text(proc / pid / "cgroup").strip().splitlines()[-1:]
    if not line or not line[0].startswith("0::"):
        return
    top = system / "fs/cgroup"
    group = top / line[0].removeprefix("0::").lstrip("/")
    for folder in (group, *group.parents):
        yield _text(folder / name).strip()
        if folder == top:
            return


def _on_disk(line: str, system: Path) -> bool:
    """Whether a line of /proc/swaps names anything but memory."""
    device = Path(line.split(maxsplit=1)[0]).name if line.split() else ""
    if not device.startswith("zram"):
        return bool(device)
    return _text(system / "block" / device / "backing_dev").strip() not in ("none", "")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
