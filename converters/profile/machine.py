"""An emulated 64-bit Arm machine with Python and LiteRT, put together from packages on demand.

Everything lands in the cache: Debian's arm64 packages are unpacked, not installed, and the
package manager's own state is not touched. Needs a Debian-like host with apt and a C compiler.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.errors import ConvertError
from converters.sources import STANDARD_ERROR, cache_folder

LITERT = "ai-edge-litert==2.3.0"
WHEELS = (
    LITERT,
    "numpy==2.4.6",
    "opencv-python-headless==4.14.0.94",
    "msgspec==0.22.0",
    "lap==0.5.13",
)
"""What the vision process needs; pinned, since another version executes other instructions."""
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
ADDRESSES = "16G"
"""A range of addresses of the guest's own: the host's would be random."""
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

    def run(self, processor: Processor, arguments: Sequence[str], path: Sequence[Path] = ()) -> str:
        """Run the machine's Python; → standard error, where the marks are.

        `path` holds folders of modules of our own. Nothing of the caller's environment comes
        along and addresses are not random, so that the count is the same every time.
        """
        python = self.root / "usr" / "bin" / f"python{PYTHON}"
        modules = ":".join(map(str, (self.root / "site", *path)))
        guest = {"PYTHONPATH": modules, "PYTHONHOME": self.root / "usr", "PYTHONHASHSEED": 0}
        command = [str(self.emulator), "-cpu", processor.name, "-L", str(self._seen_by(processor))]
        command += ["-R", ADDRESSES, "-U", "LD_LIBRARY_PATH"]
        command += [part for key, value in guest.items() for part in ("-E", f"{key}={value}")]
        command += ["-plugin", str(self.plugin), str(python), "-B", *arguments]
        libraries = ":".join(map(str, self.emulator.parents[1].glob("lib/*-linux-gnu")))
        environment = {"LD_LIBRARY_PATH": libraries, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise ConvertError(f"the emulated {processor.name} failed: {lines[-1]}")
        return done.stderr

    def _seen_by(self, processor: Processor) -> Path:
        """The root with this processor's /proc/cpuinfo; several may be in use at once."""
        view = self.root.with_name(processor.name)
        if not view.exists():
            # Threads of one process may come here together, so its number is no name of its own.
            making = Path(tempfile.mkdtemp(prefix=f"{view.name}.", dir=view.parent))
            making.chmod(0o755)
            (making / "proc").mkdir()
            (making / "proc/cpuinfo").write_text(processor.cpuinfo)
            for entry in self.root.iterdir():
                (making / entry.name).symlink_to(Path("..", self.root.name, entry.name))
            _settle(making, view)
        return view


def build() -> Machine:
    """The machine from the cache, put together on first use; ConvertError where it can't be."""
    pins = hashlib.sha256(" ".join((PYTHON, *WHEELS)).encode() + PLUGIN_SOURCE.read_bytes())
    home = cache_folder() / f"arm64-{pins.hexdigest()[:12]}"
    if not home.exists():
        making = home.with_name(f"{home.name}.{os.getpid()}")
        _make(making, home)
        _settle(making, home)
    return _machine(home)


def _machine(home: Path) -> Machine:
    return Machine(home / "tools/usr/bin/qemu-aarch64", home / "plugin.so", home / "root")


def _make(making: Path, home: Path) -> None:
    machine = _machine(making)
    for tool in ("apt-get", "dpkg-deb", "cc"):
        if shutil.which(tool) is None:
            raise ConvertError(f"counting Arm instructions needs `{tool}`: install it first")
    print(f"putting an Arm machine together in {home} (a minute or two)", file=sys.stderr)
    try:
        _unpack(making / "apt-arm64", "arm64", [f"python{PYTHON}", "libstdc++6"], machine.root)
        _unpack(making / "apt-host", None, ["qemu-user"], making / "tools")
        _wheels(machine.root / "site")
        _plugin(machine.plugin)
    except ConvertError:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _settle(made: Path, place: Path) -> None:
    """Move what was made to its place, unless another process was faster."""
    try:
        made.rename(place)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)


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
    _command([*command, *WHEELS])


def _plugin(path: Path) -> None:
    _command(["cc", "-shared", "-fPIC", "-O2", "-o", str(path), str(PLUGIN_SOURCE)])


def _command(command: list[str], stdin: object = None) -> None:
    done = subprocess.run(command, stdin=stdin, stdout=STANDARD_ERROR, check=False)  # type: ignore[call-overload]
    if done.returncode:
        raise ConvertError(f"`{command[0]}` failed (see its message above)")
