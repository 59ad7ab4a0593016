"""What the publisher itself can tell: its memory, the outbox, who this device is."""

from __future__ import annotations

import platform
import resource
from pathlib import Path
from typing import Any

from edge import __version__
from edge.bands import AGES
from edge.config import Config
from edge.messages import CountsHead
from edge.outbox import Outbox

Result = dict[str, Any]


def memory_mb() -> float:
    """This process's resident memory, in 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def outbox_health(outbox: Outbox) -> dict[str, float | int]:
    """The publisher's part of `health`."""
    return {
        "publisher_memory_mb": round(memory_mb(), 1),
        "outbox_depth": outbox.depth(),
        "outbox_dropped": outbox.dropped(),
        "outbox_set_aside": outbox.kept("set_aside"),
    }


def outbox_facts(outbox: Outbox) -> Result:
    """The answer to `outbox`: how much waits, since when, and what was lost."""
    oldest = outbox.peek(1)
    return {
        "depth": outbox.depth(),
        "oldest_seq": oldest[0].seq if oldest else None,
        "oldest_start": oldest[0].start if oldest else None,
        "dropped": outbox.dropped(),
        "set_aside": outbox.kept("set_aside"),
    }


def identify(config: Config) -> Result:
    """The answer to `identify`: which machine speaks under this name."""
    return {
        "site": config.device.site,
        "device": config.device.name,
        "version": __version__,
        "host": platform.node(),
        "machine": platform.machine(),
    }


class Totals:
    """People delivered since the start, by gender and age band, for a counter that only grows."""

    def __init__(self) -> None:
        self.people: dict[tuple[str, str], int] = {}

    def add(self, counts: CountsHead) -> None:
        """Sum one window; a person without a gender counts under "unknown"."""
        for age in AGES:
            left = getattr(counts, f"age_{age}")
            for gender in ("female", "male"):
                cell = getattr(counts, f"{gender}_{'age_' if age == 'unknown' else ''}{age}")
                self._add(gender, age, cell)
                left -= cell
            self._add("unknown", age, left)

    def _add(self, gender: str, age: str, people: int) -> None:
        self.people[gender, age] = self.people.get((gender, age), 0) + people
