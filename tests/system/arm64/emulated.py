"""An Arm Debian whose programs run here, in its own root, on an emulated processor."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from converters.profile.machine import Processor
from tests.system import debian

PACKAGES = ("python3", "python3-numpy", "libstdc++6")
EMULATOR = "qemu-aarch64-static"
LIBRARIES = "/usr/lib/aarch64-linux-gnu"

# The runtime reads /proc/cpuinfo and /sys: with those of this machine it would choose wrongly.
ENTER = """set -e
mount -t proc proc "$1/proc"
mount --bind "$2" "$1/proc/cpuinfo"
mount --rbind /sys "$1/sys"
mount --bind "$3" "$1/run/emulator"
shift_root=$1; shift 3
while [ "$1" != -- ]; do
    mount --bind "$1" "$shift_root$2"
    shift 2
done
shift
exec chroot "$shift_root" /run/emulator "$@"
"""


class Arm:
    """A root of its own for one test module; what is written in it goes with `folder`."""

    def __init__(self, suite: str, processor: Processor, folder: Path) -> None:
        debian.need(EMULATOR, "mmdebstrap", "chroot")
        self.processor = processor
        self._cpuinfo = folder / "cpuinfo"
        self._cpuinfo.write_text(processor.cpuinfo)
        self.root = folder / "root"
        original = debian.unpacked(suite, PACKAGES, "arm64")
        subprocess.run(["cp", "-a", "--reflink=auto", original, self.root], check=True)
        self._finish()

    def _finish(self) -> None:
        """What the packages' own scripts would have done, as far as Python needs it."""
        for name in ("proc", "sys", "run", "tmp", "etc"):
            (self.root / name).mkdir(exist_ok=True)
        if not (self.root / "lib").exists():
            (self.root / "lib").symlink_to("usr/lib")
        (self.root / "run/emulator").touch()

    def run(
        self, *command: str, binds: Mapping[Path, str] | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run an Arm program of this root; `binds`: folder of ours → where it sees it."""
        emulator = shutil.which(EMULATOR)
        assert emulator is not None
        mounts: list[str] = []
        for ours, theirs in (binds or {}).items():
            (self.root / theirs.lstrip("/")).mkdir(parents=True, exist_ok=True)
            mounts += [str(ours), theirs]
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh",
             str(self.root), str(self._cpuinfo), emulator, *mounts, "--", *command],
            capture_output=True, text=True, check=False, timeout=1800, stdin=subprocess.DEVNULL,
            env={
                "PATH": os.environ["PATH"],
                "QEMU_CPU": self.processor.name,
                # Debian chooses among BLAS libraries by links that no script has made here.
                "LD_LIBRARY_PATH": f"{LIBRARIES}/blas:{LIBRARIES}/lapack",
                "LC_ALL": "C.UTF-8", "HOME": "/root", "PYTHONDONTWRITEBYTECODE": "1", **environment,
            },
        )  # fmt: skip

    def ok(self, *command: str, binds: Mapping[Path, str] | None = None, **environment: str) -> str:
        """Run a program that must succeed; what it printed."""
        done = self.run(*command, binds=binds, **environment)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


def permitted(arm: Arm) -> None:
    """Skip where an emulated program cannot be run at all."""
    done = arm.run("/usr/bin/python3", "-c", "import platform; print(platform.machine())")
    if done.stdout.strip() != "aarch64":
        pytest.skip(f"no Arm program runs here: {done.stderr.strip()[-300:]}")
