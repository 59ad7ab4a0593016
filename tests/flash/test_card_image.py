"""What is left on a card for somebody who reads it block by block: `grep -a` on a FAT image."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.flash import target
from edge.flash.cloud import Wifi, wifi_key
from edge.flash.kit import FIRST_BOOT, FOLDER, Camera, Kit, Login
from tests.shared import ROOT

pytestmark = pytest.mark.slow

KEY = wifi_key("Café", "open sesame")
CAMERA, PASSWORD = "hunter2-of-the-camera", "correct horse of the broker"
SECRETS = tuple(secret.encode() for secret in (KEY, CAMERA, PASSWORD))
PATH = "/usr/bin:/usr/sbin:/bin:/sbin"
SEEDS = ("config.txt", "cmdline.txt", "user-data", "network-config", "meta-data")


KERNEL = "linux.uml"
MODULES = Path("/usr/lib/uml/modules")
WANTED = ("fat", "vfat", "nls_cp437", "nls_iso8859-1", "nls_ascii")

INIT = """#!{python}
import ctypes, os, subprocess
kernel = ctypes.CDLL(None, use_errno=True)
for path in {modules}:
    kernel.syscall(313, os.open(path, os.O_RDONLY), b"", 0)  # finit_module
try:
    if kernel.mount(b"/dev/ubda", b"{at}", b"vfat", 0, b""):
        raise OSError(ctypes.get_errno(), "mount")
    done = subprocess.run({command}, capture_output=True, text=True)
    said = f"{{done.returncode}} {{done.stdout}}{{done.stderr}}"
    kernel.umount(b"{at}")
except BaseException as error:
    said = f"none {{error!r}}"
with open("{at}.said", "w") as file:
    file.write(said)
os.sync()
kernel.reboot(0x4321FEDC)  # power off
"""
"""What a Linux of its own runs as its only process, with the card's image as its disk."""


class Card:
    """A FAT file system in a file, written by Linux' own driver: that of a user-mode kernel."""

    def __init__(self, folder: Path) -> None:
        for program in (KERNEL, "mkfs.vfat"):
            if shutil.which(program, path=PATH) is None:
                pytest.skip(f"needs {program} (apt install user-mode-linux dosfstools)")
        self.image, self._at = folder / "card.img", folder / "mounted"
        self._at.mkdir()
        subprocess.run(["mkfs.vfat", "-C", self.image, str(16 << 10)], check=True,
                       capture_output=True, env={"PATH": PATH})  # fmt: skip

    def run(self, *command: str) -> str:
        """Boot, mount, run a command, unmount, switch off; its status and what it said."""
        found = [next(MODULES.rglob(f"{name}.ko"), None) for name in WANTED]
        init, said = self._at.with_name("init"), self._at.with_name("mounted.said")
        init.write_text(INIT.format(python=sys.executable, at=self._at, command=list(command),
                                    modules=[str(path) for path in found if path]))  # fmt: skip
        init.chmod(0o700)
        said.unlink(missing_ok=True)
        console = subprocess.run(
            [KERNEL, "mem=128M", "root=none", "rootfstype=hostfs", "rootflags=/", "rw",
             f"ubd0={self.image}", f"init={init}", "con=null", "con0=fd:0,fd:1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
            env={"PATH": PATH, "HOME": str(self._at.parent)},
        )  # fmt: skip
        if not said.exists():
            pytest.skip(f"no user-mode kernel runs here: {console.stdout[-300:]}")
        return said.read_text()

    def writes(self, function: str) -> None:
        """Let a function of this module change the mounted card, in that machine."""
        program = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; "
            f"from tests.flash import test_card_image as t; boot = Path({str(self._at)!r}); "
            f"t.{function}"
        )
        said = self.run(sys.executable, "-B", "-c", program)
        assert said.startswith("0 "), said

    def held(self) -> list[bytes]:
        """The secrets that can be read somewhere on it, in a file or not."""
        content = self.image.read_bytes()
        return [secret for secret in SECRETS if secret in content]


def flashed(boot: Path) -> None:
    """An image's boot partition, and a kit on it."""
    for name in SEEDS:
        (boot / name).write_text(f"# the image's {name}\n")
    target.write(boot, kit().files())


def kit(*, secret: bool = True) -> Kit:
    """A device's kit, with every secret that one may hold, or with none.

    The second camera's are the same: what is left of one is seen whoever's it was.
    """
    camera = Camera(
        config=f"[source]\nuri = 'rtsp://viewer:{CAMERA}@10.0.0.7/1'\n" if secret else "",
        login=Login(username="door", password=PASSWORD) if secret else Login(),
        drop_ins=(),
    )
    return Kit(
        device="door", hostname="door", user="pi", ssh_keys=("ssh-ed25519 AAAA me",),
        wifi=Wifi("Café", KEY, "DE") if secret else None, camera=camera,
        further={"yard": camera}, ca=None, packages=("python3-numpy",),
        payload={"lock.txt": b"pip==1\n" * 5000},
    )  # fmt: skip


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """With a kit that holds all secrets, and holds them for whoever looks."""
    made = Card(tmp_path)
    made.writes("flashed(boot)")
    assert made.held() == list(SECRETS)
    return made


def taken_off(boot: Path, until: str = "") -> None:
    """The end of the first boot, as its script does it; `until`: there the power is cut."""
    script = FIRST_BOOT.read_text()
    wipe = script[script.index("wipe() {") : script.index("start() {")]
    forget = script[script.index("forget_secrets() {") : script.index("trap ended EXIT")]
    if until:
        assert until in forget
        forget = forget.replace(until, f"exit 9\n{until}", 1)
    names = f"BOOT={boot}; KIT={boot}/{FOLDER}; SETUP=none-of-the-tests; SELF={boot}/none"
    program = f"systemctl() {{ :; }}\n{names}\n{wipe}\n{forget}\nforget_secrets"
    done = subprocess.run(["sh", "-euc", program], check=False, capture_output=True, text=True)
    assert done.returncode == (9 if until else 0), done.stderr


def test_after_the_first_boot_no_secret_is_on_the_card(card: Card) -> None:
    """Neither in a file nor in what files have left behind."""
    card.writes("taken_off(boot)")
    assert card.held() == []


@pytest.mark.parametrize("cut", ['wipe "$BOOT/user', "cp ", 'wipe "$BOOT/network', "rm -rf"])
def test_nor_after_one_that_was_cut_off_and_went_on(card: Card, cut: str) -> None:
    """The power may fail at any step of it; the next boot does the rest."""
    card.writes(f"taken_off(boot, {cut!r})")
    card.writes("taken_off(boot)")
    assert card.held() == []


def test_another_kit_over_it_leaves_nothing_of_the_first(card: Card) -> None:
    card.writes("target.write(boot, t.kit(secret=False).files())")
    assert card.held() == []
