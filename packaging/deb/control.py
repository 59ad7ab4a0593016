"""What dpkg is told of a package: its control fields, scripts, checksums and conffiles."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge.flash.release import RELEASES

HERE = Path(__file__).resolve().parent
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
NUMPY = {"bookworm": "1:1.24", "trixie": "1:2.2"}
"""apt's, which picamera2 was built against and the locked wheels fit; its epoch is Debian's."""
FIELDS = """Package: agender-edge
Version: {version}
Architecture: {arch}
Maintainer: {maintainer}
Installed-Size: {installed_kib}
Section: net
Priority: optional
Depends: {depends}
Recommends: python3-picamera2
Suggests: mosquitto, avahi-daemon
Description: anonymous age and gender counts from a camera, over MQTT
 It looks at the frames of a camera, counts people by apparent age and gender,
 and publishes the counts of each window to an MQTT broker. No picture is
 stored or sent, and nobody is recognised.
 .
 After installing, "sudo agender-edge init" asks for camera, broker and place,
 and starts the two services. OpenCV, FFmpeg and LiteRT are inside, at the
 versions that were tested; numpy is Debian's.
"""


@dataclass(frozen=True, slots=True)
class Build:
    """One package: a Debian release, an architecture as Debian names it, a whole version."""

    suite: str
    arch: str
    version: str
    maintainer: str

    @property
    def file_name(self) -> str:
        """As apt would name it."""
        return f"agender-edge_{self.version}_{self.arch}.deb"


def depends(suite: str) -> str:
    """Exactly the Python whose wheels are inside, apt's numpy, and what makes users and folders."""
    release = RELEASES[suite]
    major, minor = release.python.split(".")
    return ", ".join((
        f"libc6 (>= 2.{release.glibc_minor})", f"python{release.python}",
        f"python3 (>= {release.python}~)", f"python3 (<< {major}.{int(minor) + 1}~)",
        f"python3-numpy (>= {NUMPY[suite]})", "libstdc++6", "systemd",
    ))  # fmt: skip


def write_control(tree: Path, build: Build) -> None:
    """DEBIAN/, last of all: it tells of every other file."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    sums = "".join(f"{_md5(path)}  {path.relative_to(tree)}\n" for path in files)
    folder = tree / "DEBIAN"
    folder.mkdir()
    kib = sum((path.stat().st_size + 1023) // 1024 for path in files)
    told = FIELDS.format(version=build.version, arch=build.arch, maintainer=build.maintainer,
                         installed_kib=kib, depends=depends(build.suite))  # fmt: skip
    (folder / "control").write_text(told)
    (folder / "md5sums").write_text(sums)
    (folder / "conffiles").write_text("/etc/agender-edge/config.toml\n")
    for name in SCRIPTS:
        shutil.copyfile(HERE / "scripts" / name, folder / name)
        (folder / name).chmod(0o755)
    for name in ("control", "md5sums", "conffiles"):
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    stamp = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in (folder, *folder.iterdir()):
        os.utime(path, (stamp, stamp))


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
