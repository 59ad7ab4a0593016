"""What the publisher itself can tell: its memory, the outbox, who this device is."""

from __future__ import annotations

import platform
import resource
from pathlib import Path
from typing import Any

from edge import __version__
from edge.config.tables import Config
from edge.messages.bands import TOLD_GENDERS, UNKNOWN, ages_of, cell_key
from edge.messages.checking import right
from edge.messages.counts import CountsHead
from edge.messages.fields import Timestamp
from edge.outbox.outbox import Outbox
from edge.publish.delivery import REFUSED

Result = dict[str, Any]


def memory_mb() -> float:
    """This process's resident memory, in 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def outbox_health(outbox: Outbox) -> dict[str, float | int | None]:
    """The publisher's part of `health`; null where the outbox can't be read."""
    return {
        "publisher_memory_mb": round(memory_mb(), 1),
        "outbox_depth": outbox.depth(),
        "outbox_dropped": outbox.dropped(),
        "outbox_set_aside": outbox.known("set_aside"),
        "windows_refused": outbox.known(REFUSED),
    }


def outbox_facts(outbox: Outbox) -> Result:
    """The answer to `outbox`: how much waits, since when, and what was lost."""
    oldest = outbox.peek(1)
    return {
        "depth": outbox.depth(),
        "oldest_seq": oldest[0].seq if oldest else None,
        "oldest_start": right(oldest[0].start, Timestamp, None) if oldest else None,
        "dropped": outbox.dropped(),
        "set_aside": outbox.known("set_aside"),
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


class PeopleDelivered:
    """Since the start, by gender and age band, for a counter that only grows."""

    def __init__(self) -> None:
        self.people: dict[tuple[str, str], int] = {}

    def add(self, counts: CountsHead) -> None:
        """Sum one window; who has no told gender or age counts under "unknown"."""
        told = 0
        for age in ages_of(counts.bands):
            left = getattr(counts, f"age_{age}") or 0
            told += left
            for gender in TOLD_GENDERS:
                cell = getattr(counts, cell_key(gender, age)) or 0
                self._add(gender, age, cell)
                left -= cell
            self._add(UNKNOWN, age, left)
        self._add(UNKNOWN, UNKNOWN, counts.people - told)

    def _add(self, gender: str, age: str, people: int) -> None:
        self.people[gender, age] = self.people.get((gender, age), 0) + people
