"""Our source on the real Picamera2 class and the real libcamera, in a Debian trixie."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import pytest

from edge.config import tables as config
from edge.runtime.capture import open_source
from tests.capture.footage import CLIPS, picture, read_all
from tests.system import debian
from tests.system.picamera.inside import PICTURES, SCENARIOS

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CLIP = "head-pose-face-detection-female.gif"
REPOSITORY = HERE.parents[2]
PACKAGES = (
    "python3", "python3-numpy", "python3-pil", "python3-opencv", "python3-libcamera",
    "python3-msgspec", "python3-prctl", "python3-av", "python3-tqdm", "python3-piexif",
    "python3-jsonschema", "python3-libarchive-c", "gcc", "libc6-dev",
)  # fmt: skip
WHEELS = (
    "picamera2==0.3.38", "simplejpeg==1.9.0", "videodev2==0.0.4", "ai-edge-litert==2.3.0",
    "flatbuffers", "ml_dtypes", "backports.strenum", "typing-extensions", "protobuf", "paho-mqtt",
    "lap",
)  # fmt: skip

SITE = f"site-{zlib.crc32(' '.join(WHEELS).encode()):08x}"
"""Another list of wheels is another folder."""


@pytest.fixture(scope="module")
def trixie() -> Path:
    """The system, with Picamera2, the virtual camera's pictures and the crutches."""
    debian.need("unshare")
    if not CLIPS.is_dir():
        pytest.skip(f"needs the sample clips in {CLIPS}")
    root = debian.rootfs("trixie", PACKAGES)
    _wheels(root / "opt" / SITE)
    (root / "frames").mkdir(exist_ok=True)
    for index in range(PICTURES):
        cv2.imwrite(str(root / "frames" / f"{index}.jpg"), picture(5 + 5 * index, 1280, 720))
    _people(root / "people")
    pipeline = root / "usr" / "share" / "libcamera" / "pipeline" / "virtual"
    pipeline.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "virtual.yaml", pipeline)
    shutil.copy(HERE / "dmaheap.c", root / "opt")
    compiler = ["gcc", "-Wall", "-shared", "-fPIC", "-o", "/opt/dmaheap.so", "/opt/dmaheap.c"]
    subprocess.run(["chroot", str(root), *compiler], check=True)
    return root


def _people(folder: Path) -> None:
    """The second camera's pictures: one woman, turning her head."""
    folder.mkdir(exist_ok=True)
    frames = read_all(open_source(config.Source(uri=str(CLIPS / CLIP))))
    for index, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{index}.jpg"), frame.full())


def _wheels(site: Path) -> None:
    """From the package index, for trixie's Python, without what it depends on."""
    if site.is_dir():
        return
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site),
         "--python-version", "3.13", "--platform", "manylinux2014_x86_64",
         "--platform", "manylinux_2_27_x86_64", "--platform", "manylinux_2_28_x86_64",
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
        f"PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/{SITE}:/mnt "
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
