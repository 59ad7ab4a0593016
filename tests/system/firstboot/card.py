"""A card with a fresh Debian on it, arranged as Raspberry Pi OS arranges its images."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system import debian
from tests.system.firstboot.archive import archive
from tests.system.machine import Machine

REPOSITORY = Path(__file__).parents[3]
CLIPS = REPOSITORY.parent / "shared" / "data" / "clips"
PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "cloud-init", "netplan.io",
            "mosquitto", "mosquitto-clients")  # fmt: skip
FROM_APT = ("python3-numpy",)
SETUP = "agender-edge-setup.service"

# Where cloud-init looks on Raspberry Pi OS (Trixie): pi-gen, stage2/04-cloud-init.
SEED = """datasource_list: [ NoCloud, None ]
datasource:
  NoCloud:
    seedfrom: file:///boot/firmware
ssh_deletekeys: false
ssh_genkeytypes: []
"""

BROKER = """listener 1883 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/passwords
"""


class Device(Machine):
    """Boots a card; up as soon as its first boot was tried, with or without success."""

    READY = ("running", "degraded", "starting")

    @property
    def leader(self) -> int:
        """The process number of the machine's systemd, as we see it."""
        return self._leader

    def status(self) -> str:
        """What somebody who has only the card would read."""
        file = self.root / "boot/firmware/agender-edge-status.txt"
        return file.read_text() if file.exists() else ""

    def log(self) -> str:
        """Everything the first boot said."""
        return self.ok("journalctl", "--no-pager", "--output=cat", "--boot",
                       "--unit=cloud-final.service", f"--unit={SETUP}")  # fmt: skip


def card(folder: Path) -> Path:
    """A root file system of its own in `folder`, with a broker that wants a password."""
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    original = debian.rootfs("trixie", PACKAGES)
    archive(original, FROM_APT)
    root = folder / "card"
    subprocess.run(["cp", "-a", "--reflink=auto", original, root], check=True)
    boot = root / "boot" / "firmware"
    boot.mkdir(parents=True)
    for name in ("config.txt", "cmdline.txt", "user-data", "network-config", "meta-data"):
        (boot / name).write_text("# as in the image\n")
    (root / "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(SEED)
    (root / "etc/mosquitto/conf.d/test.conf").write_text(BROKER)
    _password(root)
    return root


def _password(root: Path) -> None:
    file = "/etc/mosquitto/passwords"
    for command in (
        ["mosquitto_passwd", "-c", "-b", file, "door", "correct horse"],
        ["mosquitto_passwd", "-b", file, "door-yard", "correct horse"],
        ["chown", "mosquitto", file],
    ):
        subprocess.run(["chroot", root, *command], check=True, capture_output=True)


def flash(root: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run `agender-edge flash-kit` on the card, as its user would."""
    secret, network = folder / "door.password", folder / "wifi"
    secret.write_text("correct horse\n")
    network.write_text("open sesame\n")
    yard = folder / "yard.toml"
    yard.write_text('[source]\nuri = "/srv/clips/head-pose-face-detection-male.gif"\n')
    yard.with_suffix(".password").write_text("correct horse\n")
    return subprocess.run(
        [sys.executable, "-B", "-m", "edge", "flash-kit", "--site", "shop", "--device", "door",
         "--broker", "127.0.0.1", "--username", "door", "--password-file", str(secret),
         "--source", "/srv/clips/head-pose-face-detection-female.gif",
         "--set", "source.realtime=true", "--set", "source.repeat=100000", "--detector", "near",
         "--window-s", "2", "--camera", str(yard), "--machine", platform.machine(), "--offline",
         "--wifi-ssid", "Café", "--wifi-psk-file", str(network), "--wifi-country", "DE", *more,
         str(root / "boot" / "firmware")],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip


@contextmanager
def powered(root: Path, folder: Path, name: str) -> Iterator[Device]:
    """Switch a device with this card on; off again at the end, in order."""
    binds = {CLIPS: "/srv/clips", archive(debian.rootfs("trixie", PACKAGES), FROM_APT): "/srv/apt"}
    with Device(root, binds, folder / f"{name}.console", keep=True) as device:
        yield device


def mirror_found(root: Path) -> None:
    """From now on apt finds its packages."""
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/srv/apt ./\n")


def power_cut(device: Device) -> None:
    """Everything stops at once: no unit is stopped, no file closed."""
    os.kill(device.leader, signal.SIGKILL)


def in_card(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the card without starting it."""
    return subprocess.run(["chroot", root, *command], capture_output=True, text=True, check=False)
