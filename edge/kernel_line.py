"""The kernel's command line on a Raspberry Pi's boot partition."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from edge.whole_files import replacing

MEMORY_CONTROLLER = "cgroup_enable=memory"
"""Raspberry Pi OS starts without it, and then nothing keeps frames from being swapped to the card,
whatever a unit says."""
COUNTRY = "cfg80211.ieee80211_regdom="
"""Whose radio rules hold, by two letters; one value alone counts."""


def tell_kernel(file: Path, words: Sequence[str]) -> bool:
    """Put words at the end of the line; False where all are there. OSError where it can't be.

    Written through to the card, since without this file nothing starts.
    """
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    first, newline, rest = text.partition("\n")
    missing = [word for word in words if word not in text.split()]
    if not missing or not first.strip():
        return False
    country = any(word.startswith(COUNTRY) for word in missing)
    kept = [word for word in first.split() if not (country and word.startswith(COUNTRY))]
    with replacing(file) as fresh, fresh.open("w", encoding="utf-8", errors="surrogateescape") as f:
        f.write(f"{' '.join([*kept, *missing])}{newline}{rest}")
        f.flush()
        os.fsync(f.fileno())
    return True
