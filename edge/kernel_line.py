"""The kernel's command line on a Raspberry Pi's boot partition."""

from __future__ import annotations

import os
from pathlib import Path

from edge.whole_files import replacing

MEMORY_CONTROLLER = "cgroup_enable=memory"


def turn_memory_controller_on(file: Path) -> bool:
    """Turn on what limits memory, which Raspberry Pi OS starts without; False where it is on.

    Without it nothing keeps frames from being swapped to the card, whatever a unit says. Written
    through to the card, since without this file nothing starts. OSError where it can't be.
    """
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    first, newline, rest = text.partition("\n")
    if MEMORY_CONTROLLER in text.split() or not first.strip():
        return False
    with replacing(file) as fresh, fresh.open("w", encoding="utf-8", errors="surrogateescape") as f:
        f.write(f"{first.rstrip()} {MEMORY_CONTROLLER}{newline}{rest}")
        f.flush()
        os.fsync(f.fileno())
    return True
