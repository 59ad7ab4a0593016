"""A whole Arm machine's disks, made without loop devices: a root of Debian, a boot partition."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system import debian

SUITE = "trixie"
PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "cloud-init", "netplan.io",
            "udev", "linux-image-arm64", "dosfstools", "iproute2", "netcat-openbsd")  # fmt: skip
BINFMT = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
DISK_MB, BOOT_MB = 4096, 256

# Half of the time would go into compiling Python files and packing every driver there is.
LIGHTER = """set -e
chroot "$1" dpkg-divert --quiet --local --no-rename --divert /usr/bin/py3compile.real \
    --add /usr/bin/py3compile
ln -s true "$1/usr/bin/py3compile"
mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
echo MODULES=list >"$1/etc/initramfs-tools/conf.d/virtual"
printf '%s\\n' virtio_blk virtio_pci ext4 >"$1/usr/share/initramfs-tools/modules.d/virtual"
"""

# Programs of the other kind run in a user namespace of their own: nothing is registered here.
BUILD = """set -e
read -r go
mount -t proc proc /proc
mkdir -p "$1"
mount -t binfmt_misc binfmt "$1"
grep -v '^#' "$2" >"$1/register"
shift 2
exec "$@"
"""


def root() -> Path:
    """Debian for 64-bit Arm with its kernel, set up under emulation (7 minutes, once)."""
    debian.need("mmdebstrap", "qemu-aarch64-static")
    if not BINFMT.is_file():
        pytest.skip(f"needs {BINFMT}, of qemu-user-static")
    return debian.made_once(debian.cache() / f"{SUITE}-arm64-machine", _build)


def _build(root: Path) -> None:
    command = ["mmdebstrap", "--mode=root", "--variant=apt", "--quiet", "--architectures=arm64",
               f"--include={','.join(PACKAGES)}", f"--essential-hook={LIGHTER}",
               SUITE, str(root), debian.mirror()]  # fmt: skip
    if said := _as_arm(command):
        pytest.skip(f"Debian {SUITE} for Arm could not be built: {said}")


def _as_arm(command: list[str]) -> str:
    """Run a command that runs Arm programs; its last words where it fails, else nothing."""
    process = subprocess.Popen(
        ["unshare", "--user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", BUILD,
         "sh", str(debian.cache() / "binfmt"), str(BINFMT), "nice", "-n", "15", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "QEMU_CPU": "cortex-a72"},
    )  # fmt: skip
    ours = Path("/proc/self/ns/user").readlink()
    while Path(f"/proc/{process.pid}/ns/user").readlink() == ours:
        time.sleep(0.01)
    for kind in ("uid_map", "gid_map"):
        Path(f"/proc/{process.pid}/{kind}").write_text("0 0 4294967295\n")
    said, _ = process.communicate("go\n")
    return said.strip()[-400:] if process.returncode else ""


def root_disk(folder: Path, seed: str, clip: Path) -> tuple[Path, Path, Path]:
    """The root's disk, its kernel and the kernel's initial disk."""
    tree = folder / "tree"
    subprocess.run(["cp", "-a", "--reflink=auto", root(), tree], check=True)
    (tree / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n"
                                    "/dev/vdb /boot/firmware vfat defaults 0 2\n")  # fmt: skip
    (tree / "boot/firmware").mkdir()
    (tree / "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(seed)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    # QEMU's own name server, behind which is this machine's.
    (tree / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n")
    (tree / "srv/clips").mkdir()
    shutil.copy(clip, tree / "srv/clips")
    kernels = [next((tree / "boot").glob(f"{kind}-*")) for kind in ("vmlinuz", "initrd.img")]
    kept = [Path(shutil.copy(kernel, folder)) for kernel in kernels]
    disk = folder / "root.img"
    with disk.open("wb") as file:
        file.truncate(DISK_MB << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, disk], check=True)
    shutil.rmtree(tree)
    return disk, kept[0], kept[1]


def boot_disk(folder: Path, kit: Path) -> Path:
    """A FAT file system with the kit on it, as on a card."""
    disk = folder / "boot.img"
    subprocess.run(["mkfs.vfat", "-C", disk, str(BOOT_MB << 10)], check=True, capture_output=True)
    contents = [str(path) for path in kit.iterdir()]
    subprocess.run(["mcopy", "-s", "-i", disk, *contents, "::"], check=True)
    return disk


def read_boot(disk: Path, name: str) -> str:
    """A file of the boot partition."""
    done = subprocess.run(["mtype", "-i", disk, f"::{name}"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    return done.stdout


def listed(disk: Path) -> set[str]:
    """The names at the top of the boot partition."""
    done = subprocess.run(["mdir", "-b", "-i", disk, "::"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return {line.removeprefix("::/").rstrip("/") for line in done.stdout.splitlines() if line}


if __name__ == "__main__":
    print(root(), file=sys.stderr)
