"""A small package archive of real Debian packages, so that apt works without a network."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest


def archive(root: Path, packages: tuple[str, ...]) -> Path:
    """A folder that apt takes for an archive, with what `packages` need on top of `root`.

    Downloaded once, and kept beside the root.
    """
    made = root.with_name(f"{root.name}-archive")
    if made.is_dir():
        return made
    making = made.with_name(f"{made.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    for folder in ("partial", "state/lists/partial"):
        (making / folder).mkdir(parents=True)
    options = {
        "Dir::State": making / "state",
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::Etc": root / "etc/apt",
        "Dir::Cache::archives": making,
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": 1,
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    for command in (
        ["update"],
        ["--yes", "--no-install-recommends", "--download-only", "install", *packages],
    ):
        done = subprocess.run([*apt, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"packages for the first boot can't be had: {done.stderr.strip()[-300:]}")
    shutil.rmtree(making / "state")
    (making / "partial").rmdir()
    index = [_described(package) for package in sorted(making.glob("*.deb"))]
    (making / "Packages").write_text("\n".join(index))
    making.rename(made)
    return made


def _described(package: Path) -> str:
    fields = subprocess.run(
        ["dpkg-deb", "--field", package], capture_output=True, text=True, check=True
    ).stdout
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    size = package.stat().st_size
    return f"{fields}Filename: ./{package.name}\nSize: {size}\nSHA256: {digest}\n"
