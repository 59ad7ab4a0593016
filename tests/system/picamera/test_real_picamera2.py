"""Our source on the real Picamera2 class and the real libcamera, in a Debian trixie."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.capture.footage import picture
from tests.system import debian
from tests.system.picamera.inside import PICTURES, SCENARIOS

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
PACKAGES = (
    "python3", "python3-numpy", "python3-pil", "python3-opencv", "python3-libcamera",
    "python3-msgspec", "python3-prctl", "python3-av", "python3-tqdm", "python3-piexif",
    "python3-jsonschema", "python3-libarchive-c", "gcc", "libc6-dev",
)  # fmt: skip
WHEELS = ("picamera2==0.3.38", "simplejpeg==1.9.0", "videodev2==0.0.4")


@pytest.fixture(scope="module")
def trixie() -> Path:
    """The system, with Picamera2, the virtual camera's pictures and the crutches."""
    debian.need("unshare")
    root = debian.rootfs("trixie", PACKAGES)
    _picamera2(root / "opt" / "site")
    (root / "frames").mkdir(exist_ok=True)
    for index in range(PICTURES):
        cv2.imwrite(str(root / "frames" / f"{index}.jpg"), picture(5 + 5 * index, 1280, 720))
    pipeline = root / "usr" / "share" / "libcamera" / "pipeline" / "virtual"
    pipeline.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "virtual.yaml", pipeline)
    shutil.copy(HERE / "dmaheap.c", root / "opt")
    compiler = ["gcc", "-Wall", "-shared", "-fPIC", "-o", "/opt/dmaheap.so", "/opt/dmaheap.c"]
    subprocess.run(["chroot", str(root), *compiler], check=True)
    return root


def _picamera2(site: Path) -> None:
    """From the package index, for trixie's Python, without what it depends on."""
    if site.is_dir():
        return
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site),
         "--python-version", "3.13", "--platform", "manylinux2014_x86_64",
         "--only-binary", ":all:", *WHEELS],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        shutil.rmtree(site, ignore_errors=True)
        pytest.skip(f"Picamera2 could not be downloaded: {done.stderr.strip()[-300:]}")


def _inside(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the system, our repository at /mnt, in namespaces of its own."""
    steps = [
        f"mount --bind {shlex.quote(str(REPOSITORY))} {root}/mnt",
        f"mount -t proc proc {root}/proc",
        f"mount -t sysfs sys {root}/sys",
        f"mount --rbind /dev {root}/dev",
        f"exec chroot {root} env -i PATH=/usr/bin:/bin LD_PRELOAD=/opt/dmaheap.so "
        "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/site:/mnt "
        f"LIBCAMERA_LOG_LEVELS='*:ERROR' {shlex.join(command)}",
    ]
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", "\n".join(steps)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_on_the_real_picamera2(trixie: Path, scenario: str):
    """Each scenario, described where it is defined, passes on the real camera stack."""
    done = _inside(trixie, "python3", "/mnt/tests/system/picamera/inside.py", scenario)
    assert done.stdout == "ok\n", done.stderr
    assert done.returncode == 0
