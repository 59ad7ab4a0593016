"""Debian systems in a folder, for tests that need more of a machine than the one they run on.

They are built once with mmdebstrap and kept in $AGENDER_TEST_CACHE (~/.cache/agender-edge-tests).
Where the machine does not allow it (no root, no namespaces, no mirror) tests skip and say why.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def mirror() -> str:
    """The package mirror that this machine's apt is set to."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    found = [address for address in said if "security" not in address]
    if not found:
        pytest.skip("needs apt with a package mirror")
    return found[0].rstrip("/")


def cache() -> Path:
    """Where systems and downloads are kept between runs."""
    default = Path.home() / ".cache" / "agender-edge-tests"
    folder = Path(os.environ.get("AGENDER_TEST_CACHE") or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else makes what will be at this path, on this machine; let go of with the process."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(made: Path, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, where there is none yet; whole or not at all.

    Several test runs may ask at once: one makes it, the others wait for it and find it.
    """
    if made.is_dir():
        return made
    with locked(made):
        if made.is_dir():
            return made
        making = made.with_name(f"{made.name}.making")
        shutil.rmtree(making, ignore_errors=True)  # of one who was killed
        try:
            make(making)
            making.rename(made)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
    return made


def need(*programs: str) -> None:
    """Skip unless we are root, the programs exist and mount namespaces may be made."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to build and enter a Debian system")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    if subprocess.run(["unshare", "-m", "-p", "-f", "true"], check=False).returncode:
        pytest.skip("needs mount and process namespaces, which this machine does not permit")


def rootfs(suite: str, packages: Sequence[str]) -> Path:
    """A Debian system with these packages; built if there is none yet (1 to 5 minutes)."""
    return _built(suite, packages, suite, "--variant=apt")


def unpacked(suite: str, packages: Sequence[str], architecture: str) -> Path:
    """Packages of an architecture, unpacked but not set up: enough to run programs (15 seconds)."""
    return _built(f"{suite}-{architecture}", packages, suite, "--variant=extract",
                  f"--architectures={architecture}")  # fmt: skip


def _built(name: str, packages: Sequence[str], suite: str, *options: str) -> Path:
    key = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]

    def build(root: Path) -> None:
        need("mmdebstrap")
        done = subprocess.run(
            ["nice", "-n", "15", "mmdebstrap", "--mode=root", "--quiet", *options,
             f"--include={','.join(packages)}", suite, str(root), mirror()],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"Debian {suite} could not be built: {done.stderr.strip()[-300:]}")

    return made_once(cache() / f"{name}-{key}", build)
