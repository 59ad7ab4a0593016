"""The reference consumer: which windows are new, which are repeats, which are missing.

A device numbers its windows without gaps and sends each at least once. Whoever keeps the last
number of each device can therefore drop what comes twice and knows what never came. `Consumer`
does just that; `watch`, the demo and the tests use it, and other languages can copy it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

MAX_BOOTS = 64
MAX_GAPS = 1_000
RESTART_BELOW = 64
"""A new outbox counts from 1; nothing that was under way can be older than this many windows."""
JUMP = 10_000_000
"""Numbers jump this far only after an outbox that could not be read any more."""


class Verdict(Enum):
    """What a window is to whoever heard all before it."""

    NEW = "new"
    LATE = "late"
    """It fills a gap: count it."""
    REPEAT = "repeat"
    """It was heard before: drop it."""
    RESTARTED = "restarted"
    """The device numbers anew (new card, or outbox lost): count it; what was lost is unknown."""


class Gap(NamedTuple):
    """Windows `first` to `last`, both missing."""

    first: int
    last: int

    @property
    def windows(self) -> int:
        """How many windows that is."""
        return self.last - self.first + 1


class _Device:
    def __init__(self, seq: int, boot: str) -> None:
        self.last = seq
        self.boots: deque[str] = deque([boot], MAX_BOOTS)
        self.gaps: deque[Gap] = deque(maxlen=MAX_GAPS)


class Consumer:
    """Follows any number of devices; memory per device is bounded."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def take(self, device: str, seq: int, boot: str) -> Verdict:
        """Judge a window of `device` (any unique name) by its `seq` and `boot`."""
        known = self._devices.get(device)
        if known is None:
            self._devices[device] = _Device(seq, boot)
            return Verdict.NEW
        new_boot = boot not in known.boots
        if new_boot:
            known.boots.append(boot)
        if seq > known.last:
            return self._ahead(known, seq, new_boot=new_boot)
        if _fill(known.gaps, seq):
            return Verdict.LATE
        if new_boot and seq <= RESTART_BELOW:
            known.last = seq
            return Verdict.RESTARTED
        return Verdict.REPEAT

    def missing(self, device: str) -> list[Gap]:
        """The windows of a device that never came, oldest first."""
        known = self._devices.get(device)
        return sorted(known.gaps) if known else []

    def devices(self) -> Iterator[str]:
        """All devices heard."""
        return iter(self._devices)

    def forget(self, device: str) -> None:
        """Drop what is known of a device."""
        self._devices.pop(device, None)

    @staticmethod
    def _ahead(known: _Device, seq: int, *, new_boot: bool) -> Verdict:
        before, known.last = known.last, seq
        if new_boot and seq - before > JUMP:
            return Verdict.RESTARTED
        if seq > before + 1:
            known.gaps.append(Gap(before + 1, seq - 1))
        return Verdict.NEW


def _fill(gaps: deque[Gap], seq: int) -> bool:
    """Take `seq` out of the gap it lies in; whether there was one."""
    for gap in gaps:
        if gap.first <= seq <= gap.last:
            gaps.remove(gap)
            gaps.extend(
                part
                for part in (Gap(gap.first, seq - 1), Gap(seq + 1, gap.last))
                if part.windows > 0
            )
            return True
    return False
