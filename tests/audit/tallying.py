"""The command `tally`, as an auditor calls it, and what its file then holds."""

from __future__ import annotations

import subprocess

from edge.tally import file
from tests.main_job.program import COMMAND

DOOR = ("--site", "shop", "--device", "door")

SHORT = ("--set", "window.length_s=1", *DOOR)
"""Windows of a second, so that some end while a test looks on."""


def counted(path):
    found = file.read(path)
    return {key: sum(each.counts.get(key, 0) for each in found.bins) for key in found.keys} | {
        "bins": len(found.bins)
    }


def piped(keys, *more):
    return subprocess.run(
        [*COMMAND, "tally", *SHORT, *more],
        input=keys, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
