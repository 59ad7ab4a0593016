"""A whole 64-bit Arm machine from its first start to counts at a broker: slow, so only if asked.

AGENDER_FULL_ARM64=1 (`make test-arm64-machine`) runs it: Debian's kernel on an emulated
Cortex-A72, a FAT boot partition with a kit, packages from Debian's archive.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.guarded import SECRET, guarded_broker, password_file
from tests.system.arm64 import disk
from tests.system.firstboot.card import CLIPS, SEED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("AGENDER_FULL_ARM64") != "1",
        reason="boots a whole Arm machine, which takes long: AGENDER_FULL_ARM64=1 runs it",
    ),
]
EMULATOR = "qemu-system-aarch64"
CLIP = "head-pose-face-detection-female.gif"
FIRST_BOOT_S = 5400
COUNTS = "agender/v2/shop/door/counts"
HOST_SEEN_BY_GUEST = "10.0.2.2"


class Whole:
    """A machine that is switched on; what it says on its serial console is in `console`."""

    def __init__(self, folder: Path, kit: Path) -> None:
        self.console = folder / "console"
        root, kernel, initial = disk.root_disk(folder, SEED, CLIPS / CLIP)
        self.boot = disk.boot_disk(folder, kit)
        disks = [f"if=virtio,format=raw,file={file}" for file in (root, self.boot)]
        with self.console.open("wb") as output:
            self._process = subprocess.Popen(
                [EMULATOR, "-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024",
                 "-nographic", "-no-reboot", "-kernel", kernel, "-initrd", initial,
                 "-append", "root=/dev/vda rw console=ttyAMA0 net.ifnames=0",
                 *(part for drive in disks for part in ("-drive", drive)),
                 "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.started_s = time.monotonic()

    def wait_for(self, pattern: str, within_s: float) -> float:
        """Seconds since the start until the console says it."""
        while time.monotonic() < self.started_s + within_s:
            text = self.console.read_text(errors="replace")
            if re.search(pattern, text):
                return time.monotonic() - self.started_s
            assert self._process.poll() is None, text[-3000:]
            time.sleep(2)
        raise AssertionError(f"no {pattern!r} in {within_s:.0f} s: {text[-3000:]}")

    def close(self) -> None:
        """Switch it off."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A broker of ours with passwords and the documentation's access list; its port."""
    broker = guarded_broker(tmp_path_factory.mktemp("broker"))
    yield broker.port
    broker.stop()


@pytest.fixture(scope="module")
def machine(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Flashed, switched on, and through its first boot."""
    for program in (EMULATOR, "mkfs.vfat", "mcopy", "mke2fs"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt install qemu-system-arm dosfstools mtools e2fsprogs")
    folder = tmp_path_factory.mktemp("machine")
    kit = folder / "kit"
    subprocess.run(
        [sys.executable, "-B", "-m", "edge", "flash-kit", "--site", "shop", "--device", "door",
         "--broker", f"{HOST_SEEN_BY_GUEST}:{port}", "--username", "door",
         "--password-file", password_file(folder), "--source", f"/srv/clips/{CLIP}",
         "--set", "source.realtime=true", "--set", "source.repeat=100000",
         "--detector", "near", "--window-s", "10", "--offline", str(kit)],
        check=True,
    )  # fmt: skip
    whole = Whole(folder, kit)
    try:
        took_s = whole.wait_for(r"agender-edge: (Done|Installed)", FIRST_BOOT_S)
        print(f"the first boot was over {took_s:.0f} s after the start")
        yield whole
    finally:
        whole.close()


def test_both_services_are_up_after_the_first_boot(machine: Whole):
    """The last word of the first boot, after packages from apt and wheels from the kit."""
    machine.wait_for("agender-edge: Done: this device is counting", FIRST_BOOT_S)
    text = machine.console.read_text(errors="replace")
    assert "Installing python3-numpy" in text


def test_counts_arrive_at_a_broker_outside(machine: Whole, port: int):
    """With the password of the kit, over the machine's own network card; gapless."""
    done = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-u", "viewer", "-P", SECRET,
         "-t", COUNTS, "-C", "3", "-W", "600"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    windows = [json.loads(line) for line in done.stdout.splitlines()]
    print(done.stdout)
    numbers = [window["seq"] for window in windows]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert sum(window["people"] or window["present_max"] for window in windows) > 0


def test_no_secret_is_left_on_the_fat_partition(machine: Whole):
    """Read from the card's image: seed files and the status, nothing of the kit."""
    left = disk.listed(machine.boot)
    assert left == {"user-data", "network-config", "meta-data", "agender-edge-status.txt"}
    assert "this device is counting" in disk.read_boot(machine.boot, "agender-edge-status.txt")
    assert SECRET.encode() not in machine.boot.read_bytes(), "in a block that no file has now"
