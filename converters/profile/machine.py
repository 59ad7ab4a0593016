"""An emulated 64-bit Arm machine with Python and LiteRT, put together from packages on demand.

Everything lands in the cache: Debian's arm64 packages are unpacked, not installed, and the
package manager's own state is not touched. Needs a Debian-like host with apt and a C compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.errors import ConvertError
from converters.sources import STANDARD_ERROR, cache_folder

LITERT = "ai-edge-litert==2.3.0"
NUMPY = "numpy==2.4.6"
PYTHON = "3.11"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")
PLUGIN_SOURCE = Path(__file__).with_name("instructions.c")
CPUINFO = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: {features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: {variant}
CPU part\t: {part}
CPU revision\t: 0

"""
CORES = 4
HOST_STATUS = Path("/var/lib/dpkg/status")


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor class: QEMU's name for it and how Linux describes it in /proc/cpuinfo."""

    name: str
    board: str
    part: str
    variant: str
    features: str

    @property
    def cpuinfo(self) -> str:
        """/proc/cpuinfo on it; the runtime picks its kernels by this."""
        return "".join(
            CPUINFO.format(
                number=number, features=self.features, variant=self.variant, part=self.part
            )
            for number in range(CORES)
        )


PROCESSORS = (
    Processor("cortex-a72", "Raspberry Pi 4", "0xd08", "0x0", "fp asimd evtstrm crc32 cpuid"),
    Processor(
        "cortex-a76",
        "Raspberry Pi 5",
        "0xd0b",
        "0x4",
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc "
        "dcpop asimddp",
    ),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the emulator, its plugin and the Arm root file system are."""

    emulator: Path
    plugin: Path
    root: Path

    def run(self, processor: Processor, arguments: Sequence[str]) -> str:
        """Run the machine's Python; → standard error, where the marks are."""
        cpuinfo = self.root / "proc" / "cpuinfo"
        cpuinfo.parent.mkdir(exist_ok=True)
        cpuinfo.write_text(processor.cpuinfo)
        python = self.root / "usr" / "bin" / f"python{PYTHON}"
        command = [str(self.emulator), "-cpu", processor.name, "-L", str(self.root)]
        command += ["-U", "LD_LIBRARY_PATH"]
        command += ["-E", f"PYTHONPATH={self.root / 'site'}", "-E", "PYTHONHASHSEED=0"]
        command += ["-E", f"PYTHONHOME={self.root / 'usr'}"]
        command += ["-plugin", str(self.plugin), str(python), "-B", *arguments]
        libraries = ":".join(map(str, self.emulator.parents[1].glob("lib/*-linux-gnu")))
        environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise ConvertError(f"the emulated {processor.name} failed: {lines[-1]}")
        return done.stderr


def build() -> Machine:
    """The machine from the cache, put together on first use; ConvertError where it can't be."""
    home = cache_folder() / f"arm64-{LITERT.replace('==', '-')}"
    machine = Machine(home / "tools/usr/bin/qemu-aarch64", home / "plugin.so", home / "root")
    if (home / "complete").exists():
        return machine
    for tool in ("apt-get", "dpkg-deb", "cc"):
        if shutil.which(tool) is None:
            raise ConvertError(f"counting Arm instructions needs `{tool}`: install it first")
    print(f"agender-convert: putting an Arm machine together in {home}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    _unpack(home / "apt-arm64", "arm64", [f"python{PYTHON}", "libstdc++6"], machine.root)
    _unpack(home / "apt-host", None, ["qemu-user"], home / "tools")
    _wheels(machine.root / "site")
    _plugin(machine.plugin)
    (home / "complete").touch()
    return machine


def _unpack(work: Path, architecture: str | None, packages: list[str], target: Path) -> None:
    """Download packages with all they need and unpack them into `target`, installing nothing."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    options = {
        "Dir::State": work / "state",
        "Dir::Cache": work / "cache",
        # What the host has need not come along; an Arm root starts from nothing.
        "Dir::State::status": work / "status" if architecture else HOST_STATUS,
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": 1,
        "Acquire::Languages": "none",
    }
    if architecture:
        options |= {"APT::Architecture": architecture, "APT::Architectures": architecture}
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    _command([*apt, "update"])
    _command([*apt, "--yes", "--no-install-recommends", "--download-only", "install", *packages])
    for folder in ("bin", "sbin", "lib"):
        # As on every merged system: /lib is /usr/lib, or the loader is not where it says.
        (target / "usr" / folder).mkdir(parents=True, exist_ok=True)
        if not (target / folder).exists():
            (target / folder).symlink_to(f"usr/{folder}")
    for package in sorted((work / "cache/archives").glob("*.deb")):
        _extract(package, target)
    shutil.rmtree(work)


def _extract(package: Path, target: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as deb:
        _command(["tar", "-x", "--keep-directory-symlink", "-C", str(target)], deb.stdout)
    if deb.returncode:
        raise ConvertError(f"could not unpack {package.name}")


def _wheels(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target)]
    command += ["--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    command += [part for name in PLATFORMS for part in ("--platform", name)]
    _command([*command, LITERT, NUMPY])


def _plugin(path: Path) -> None:
    _command(["cc", "-shared", "-fPIC", "-O2", "-o", str(path), str(PLUGIN_SOURCE)])


def _command(command: list[str], stdin: object = None) -> None:
    done = subprocess.run(command, stdin=stdin, stdout=STANDARD_ERROR, check=False)  # type: ignore[call-overload]
    if done.returncode:
        raise ConvertError(f"`{command[0]}` failed (see its message above)")
