"""What a Debian package has to read: manual page, completion, changelogs, copyright."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path

from control import Build
from edge.errors import UserError

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def write(tree: Path, build: Build) -> None:
    """All of them, from the parser, the repository and what is bundled."""
    doc = tree / "usr/share/doc/agender-edge"
    doc.mkdir(parents=True)
    _packed(doc / "changelog.gz", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"))
    _packed(doc / "changelog.Debian.gz", _changelog(build))
    _packed(tree / "usr/share/man/man1/agender-edge.1.gz", _said("man"))
    _plain(tree / "usr/share/bash-completion/completions/agender-edge", _said("completion", "bash"))
    _plain(doc / "copyright", (HERE / "copyright").read_text(encoding="utf-8") + _bundled(tree))
    overrides = tree / "usr/share/lintian/overrides/agender-edge"
    overrides.parent.mkdir(parents=True)
    shutil.copyfile(HERE / "lintian-overrides", overrides)


def _changelog(build: Build) -> str:
    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return (
        f"agender-edge ({build.version}) {build.suite}; urgency=medium\n\n"
        "  * Packaged for this release; what changed is told by changelog.gz.\n\n"
        f" -- {build.maintainer}  {format_datetime(date)}\n"
    )


def _said(*words: str) -> str:
    """What our own program prints, on a terminal of a fixed width."""
    command = [sys.executable, "-m", "edge", *words]
    env = {**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(done.stderr.strip().removeprefix("agender-edge: "))
    return done.stdout


def _bundled(tree: Path) -> str:
    """Each bundled wheel with its licence, as it says of itself."""
    (site,) = tree.glob("usr/lib/agender-edge/release/lib/*/site-packages")
    found = sorted(distributions(path=[str(site)]), key=lambda one: one.name.lower())
    return "".join(_licence(one) for one in found if one.name != "agender-edge")


def _licence(one: Distribution) -> str:
    told = one.metadata
    known = told.get("License-Expression") or told.get("License") or ""
    classified = [name.split(" :: ")[-1] for name in told.get_all("Classifier") or ()
                  if name.startswith("License ::")]  # fmt: skip
    licence = known.splitlines()[0].strip() if known.strip() else ", ".join(classified)
    return f"  {one.name} {one.version}: {licence or 'see its folder'}\n"


def _packed(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _plain(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
