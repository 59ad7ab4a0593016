"""The package as `make deb` makes it, and others made of it: newer ones, and some that fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.shared import ROOT
from tests.system import debian

SUITE = os.environ.get("AGENDER_SUITE", "trixie")
NUMBER = {"bookworm": 12, "trixie": 13}[SUITE]
SITE = f"usr/lib/agender-edge/release/lib/{'python3.11' if NUMBER == 12 else 'python3.13'}"


def built(folder: Path, revision: str = "1", *more: str) -> Path:
    """The package of this checkout for the release under test, amd64."""
    done = subprocess.run(
        [sys.executable, ROOT / "packaging/deb/make-deb", "--suite", SUITE, "--arch", "amd64",
         "--to", folder, "--artefacts", debian.cache() / "artefacts", "--uncompressed",
         "--revision", revision, *more],
        capture_output=True, text=True, check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    if "pip download failed" in done.stderr:
        pytest.skip(f"the wheels of the lock can't be had: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def remade(package: Path, revision: str, changes: Mapping[str, str] | None = None) -> Path:
    """Another revision of a package; `changes`: a module of it → what is written at its end."""
    tree = package.with_suffix(f".{revision}")
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN/control"
    version = f"-{revision}~deb{NUMBER}\n"
    control.write_text(control.read_text().replace(f"-1~deb{NUMBER}\n", version))
    for module, text in (changes or {}).items():
        with (tree / SITE / "site-packages" / module).open("a") as file:
            file.write(text)
    target = package.with_name(package.name.replace("-1~", f"-{revision}~"))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target],
                   check=True, capture_output=True)  # fmt: skip
    subprocess.run(["rm", "-rf", tree], check=True)
    return target
