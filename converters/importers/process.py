"""A job in a process of its own: a native reader may end its process at a damaged file."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from converters.errors import ConvertError
from converters.importers.request import Job, Shown
from converters.importers.worker import REFUSED
from converters.quiet import QUIET

LONGEST_S = 4 * 3600
KERAS = {"KERAS_BACKEND": "tensorflow"}


def run(job: Job, folder: Path) -> None:
    """Have `job` done in `folder`; ConvertError with the reason where it can't be."""
    name = Path(job.file).name
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    command = [sys.executable, "-m", "converters.importers.worker", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | QUIET | KERAS,
            timeout=LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConvertError(
            f"{name} is not converted after {LONGEST_S / 3600:g} hours: it is damaged, or far too "
            "large"
        ) from error
    if done.returncode == REFUSED:
        raise ConvertError((folder / "refused.txt").read_text(encoding="utf-8"))
    if done.returncode < 0:
        raise ConvertError(
            f"{name} aborts the program that reads it (signal {-done.returncode}): it is damaged"
        )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise ConvertError(f"{name} could not be converted: {lines[-1]}")


def looked_at(job: Job) -> Shown:
    """What the job's file shows of itself; ConvertError where it can't be read."""
    with tempfile.TemporaryDirectory(prefix="agender-convert-") as place:
        folder = Path(place)
        run(msgspec.structs.replace(job, look=True), folder)
        return msgspec.json.decode((folder / "shown.json").read_bytes(), type=Shown)
