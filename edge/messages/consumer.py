"""The reference consumer: which windows are new, which are repeats, which are missing.

A device numbers its windows without gaps under a numbering, and sends each at least once. Whoever
keeps the last number of each numbering can therefore drop what comes twice and knows what never
came. `Consumer` does just that; `watch`, the demo and the tests use it, and other languages can
copy it. Whoever stores windows needs even less: (site, device, numbering, seq) is their key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

MAX_NUMBERINGS = 8
"""Numberings remembered of a device; there is a new one with each new card or outbox."""
MAX_GAPS = 1_000


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
    """Windows `first` to `last` of one numbering, all missing."""

    first: int
    last: int

    @property
    def windows(self) -> int:
        """How many windows that is."""
        return self.last - self.first + 1


class Numbering:
    """The windows heard under one numbering: from the first one to the `last`, but for `gaps`."""

    def __init__(self, last: int, gaps: Iterable[Gap] = ()) -> None:
        self.last = last
        self.gaps: deque[Gap] = deque(gaps, maxlen=MAX_GAPS)

    def has(self, seq: int) -> bool:
        """Whether this window was heard."""
        return seq <= self.last and not any(gap.first <= seq <= gap.last for gap in self.gaps)

    def take(self, seq: int) -> Verdict:
        """Hear a window: new, late or a repeat."""
        if seq > self.last:
            if seq > self.last + 1:
                self.gaps.append(Gap(self.last + 1, seq - 1))
            self.last = seq
            return Verdict.NEW
        return Verdict.LATE if self._fill(seq) else Verdict.REPEAT

    def _fill(self, seq: int) -> bool:
        """Take `seq` out of the gap it lies in; whether there was one."""
        for gap in self.gaps:
            if gap.first <= seq <= gap.last:
                self.gaps.remove(gap)
                parts = (Gap(gap.first, seq - 1), Gap(seq + 1, gap.last))
                self.gaps.extend(part for part in parts if part.windows > 0)
                return True
        return False


class Consumer:
    """Follows any number of devices; memory per device is bounded."""

    def __init__(self) -> None:
        self._devices: dict[str, dict[str, Numbering]] = {}

    def take(self, device: str, numbering: str, seq: int) -> Verdict:
        """Judge a window of `device` (any unique name) by its `numbering` and `seq`."""
        known = self._devices.setdefault(device, {})
        if numbering in known:
            return known[numbering].take(seq)
        if len(known) >= MAX_NUMBERINGS:
            del known[next(iter(known))]  # the one heard of first
        known[numbering] = Numbering(seq)
        return Verdict.RESTARTED if len(known) > 1 else Verdict.NEW

    def missing(self, device: str) -> list[Gap]:
        """The windows of a device that never came, numbering by numbering, oldest first."""
        known = self._devices.get(device, {})
        return [gap for numbering in known.values() for gap in sorted(numbering.gaps)]

    def devices(self) -> Iterator[str]:
        """All devices heard."""
        return iter(self._devices)

    def forget(self, device: str) -> None:
        """Drop what is known of a device."""
        self._devices.pop(device, None)
