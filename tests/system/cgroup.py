"""A control group for each machine, since systemd in two of them would else share their services'.

Without it both have one /system.slice/ssh.service, and each sees the other's processes in it as
number 0, which systemd answers with an error; `systemctl kill` then fails.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def made() -> Path | None:
    """A new group below ours, or None where control groups of version 2 are not to be had."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    roots = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    ours = Path("/proc/self/cgroup").read_text().splitlines()
    for line in ours:
        if roots and line.startswith("0::/"):
            with contextlib.suppress(OSError):
                parent = roots[0] / line.removeprefix("0::/")
                return Path(tempfile.mkdtemp(prefix="agender-test-", dir=parent))
    return None


def inside(group: Path | None, command: list[str]) -> list[str]:
    """The command, to be started in the group."""
    if group is None:
        return command
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group), *command]


def remove(group: Path | None) -> None:
    """Remove the group and what systemd left below it; one that is in use stays."""
    if group is None:
        return
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
