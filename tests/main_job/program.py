"""Running the program as a user does: real processes, real files, real signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-B", "-m", "edge"]


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start `agender-edge ARGUMENTS` in a process group of its own."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([*COMMAND, *map(str, arguments)], text=True, process_group=0, **options)


def run(
    *arguments: object, timeout_s: float = 120, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `agender-edge ARGUMENTS` to its end, with additions to the environment."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        text=True, capture_output=True, timeout=timeout_s, check=False,
        env=os.environ | (environment or {}),
    )  # fmt: skip


def windows_of(output: str) -> list[dict[str, Any]]:
    """Every line of standard output, which must be a JSON object each."""
    return [json.loads(line) for line in output.splitlines()]


def children_of(process: subprocess.Popen[str]) -> dict[str, int]:
    """The verbs that a supervisor has running → their process numbers."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if int(parent) != process.pid or "edge" not in words:
            continue
        verb = words[words.index("edge") + 1]
        # A fork that is about to become one is not yet it.
        if verb in ("vision", "publisher", "page"):
            found[verb] = int(entry.name)
    return found


def wait_for(condition: Callable[[], Any], what: str, within_s: float = 30) -> Any:
    """The condition's first true value; fails where there is none in time."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {within_s:g} s")


def alive(number: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
