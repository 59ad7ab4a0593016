"""A virtual environment for each peer, made when it is first needed and kept in the cache."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers.systems import Environment

READY = "ready.txt"
"""Written last, with the pip lines: a changed or half-made environment is made anew."""


class NotInstalledError(Exception):
    """A peer whose packages cannot be had here; the text says why."""


def folder() -> Path:
    """Where the environments are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "agender-edge-peers"


def python_of(environment: Environment) -> Path:
    """The environment's interpreter; NotInstalledError where pip cannot make it."""
    if not environment.name:
        return Path(sys.executable)
    place = folder() / environment.name
    lines = "".join(f"pip {shlex.join(line)}\n" for line in environment.pip_lines())
    ready = place / READY
    if not ready.is_file() or ready.read_text() != lines:
        _make(place, environment)
        ready.write_text(lines)
    return place / "bin" / "python"


def _make(place: Path, environment: Environment) -> None:
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    for line in environment.pip_lines():
        print(f"{environment.name}: pip {shlex.join(line)}", file=sys.stderr)
        done = subprocess.run(
            [place / "bin" / "pip", "--quiet", "--disable-pip-version-check", *line],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            said = [t for t in done.stderr.splitlines() if t.lower().startswith("error")]
            raise NotInstalledError(said[-1] if said else "pip failed without a word")
