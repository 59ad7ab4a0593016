"""The files of a package: a release as the other ways of installing make it, units, the rest.

/usr/lib/agender-edge/release    what this package brings: an environment beside apt's numpy
/usr/lib/agender-edge/current    → release; → previous while another is unpacked, or after a
                                 start that failed (made by the package's scripts)
/usr/lib/agender-edge/previous   what worked before, hard-linked (the same)
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from control import Build
from edge.errors import UserError
from edge.flash import wheels
from edge.flash.release import ARCHITECTURES, RELEASES, fitting

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
HOME = Path("usr/lib/agender-edge")
BY_HAND = "/opt/agender-edge/current"
"""Where the units look for the program that is installed in another way."""
NOT_PACKED = ("pip", "pip-*", "bin", "**/__pycache__", "**/*.exe")
"""pip serves to install wheels; programs begin with the path of the Python that unpacked them."""
PROGRAM = f"""#!/bin/sh
# Without the user's own packages, and without the folder that it is called in.
exec /{HOME}/current/bin/python -s -P -m edge "$@"
"""


def fill(tree: Path, build: Build, artefacts: Path, lock: Path | None) -> None:
    """Everything but documents and control files."""
    release = tree / HOME / "release"
    python = RELEASES[build.suite].python
    site = release / f"lib/python{python}/site-packages"
    _install(site, build, artefacts, lock)
    shutil.move(site / "share", release / "share")
    _environment(release, python)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/agender-edge").symlink_to("../lib/agender-edge/release/bin/agender-edge")
    _system(tree, release / "share/agender-edge/systemd")
    (tree / "etc/agender-edge").mkdir(parents=True)
    shutil.copyfile(HERE / "config.toml", tree / "etc/agender-edge/config.toml")


def _install(site: Path, build: Build, artefacts: Path, lock: Path | None) -> None:
    """Ours and the locked wheels, their hashes checked, for that Python and that processor."""
    gathered = _gathered(build, artefacts, lock)
    machine = next(name for name, arch in ARCHITECTURES.items() if arch == build.arch)
    release = RELEASES[build.suite]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["tar", "-C", scratch, "-xf", gathered["wheels"]], check=True)
        (folder,) = Path(scratch).iterdir()
        wheel = Path(gathered["wheel"])
        complete = folder / "complete.txt"
        complete.write_text(wheels.complete_lock(release, wheel, folder / "lock.txt"))
        wheels.pip(
            "install", "--no-deps", "--require-hashes", "--no-index", "--no-compile",
            "--only-binary=:all:", *fitting(release, machine), f"--find-links={folder}",
            f"--find-links={wheel.parent}", f"--target={site}", f"--requirement={complete}",
        )  # fmt: skip
    for pattern in NOT_PACKED:
        for path in list(site.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _gathered(build: Build, artefacts: Path, lock: Path | None) -> dict[str, str]:
    """Where our wheel and the others lie, gathered as for a fleet; once, they are kept."""
    command = [sys.executable, str(REPOSITORY / "ansible/make-artefact"), f"--suite={build.suite}",
               f"--arch={build.arch}", f"--to={artefacts}"]  # fmt: skip
    command += [f"--lock={lock}"] if lock else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(done.stderr.strip().removeprefix("make-artefact: "))
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _environment(release: Path, python: str) -> None:
    """What `python3 -m venv --system-site-packages` makes of a folder, for a Python elsewhere."""
    (release / "bin").mkdir()
    (release / "bin/python").symlink_to(f"../../../../bin/python{python}")
    (release / "bin/agender-edge").write_text(PROGRAM)
    (release / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = true\n")


def _system(tree: Path, shipped: Path) -> None:
    """Units, users and folders, where a package has them, for the program that it brings."""
    units = tree / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for unit in sorted(shipped.glob("agender-*")):
        text = unit.read_text().replace(BY_HAND, f"/{HOME}/current")
        if unit.suffix in (".service", ".target") and "hub" not in unit.name:
            (units / unit.name).write_text(text)
        unit.unlink()
    users = tree / "usr/lib/systemd/user"
    users.mkdir()
    (shipped / "user/agender-edge.service").rename(users / "agender-edge.service")
    (shipped / "user").rmdir()
    for kind in ("sysusers", "tmpfiles"):
        folder = tree / f"usr/lib/{kind}.d"
        folder.mkdir(parents=True)
        shutil.copyfile(REPOSITORY / f"systemd/agender-edge.{kind}", folder / "agender-edge.conf")


def set_modes(tree: Path) -> None:
    """Readable for all, written by root alone, whatever the umask was; one time for all."""
    stamp = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            program = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if program else 0o644)
        os.utime(path, (stamp, stamp), follow_symlinks=False)
