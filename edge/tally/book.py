"""Keys as they are pressed → bins of the device's windows, and nothing finer.

In memory is the sum of the open bin, and what its last key added, for undoing; both are gone when
the bin ends. A bin is `whole` where it was open from its beginning to its end and no clock was set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from edge.messages.fields import timestamp
from edge.runtime.census.boundaries import Boundaries
from edge.tally.file import Bin, Tally

PUNCTUAL_S = 2.0
"""A bin that is closed later than this after its end was not watched: the program was stopped."""
SET_S = 1.0
"""Clocks that drift apart by more than this within a bin were set."""
PEOPLE_MAX = 1_000_000
"""In one bin, as in a window of the device."""


class Moment(NamedTuple):
    """Now, on both clocks: seconds since 1970, and monotonic seconds."""

    wall_s: float
    steady_s: float

    @property
    def apart_s(self) -> float:
        """What a step of the wall clock, or a sleep of the machine, changes."""
        return self.wall_s - self.steady_s


class Book:
    """The tally so far and the bin that is open."""

    def __init__(self, tally: Tally, boundaries: Boundaries, now: Moment) -> None:
        self.tally = tally
        self._boundaries = boundaries
        self._counts: Counter[str] = Counter()
        self._last: tuple[str, ...] = ()
        self._open(now, self._begin(now.wall_s), whole=False)

    @property
    def counts(self) -> Counter[str]:
        """Of the open bin."""
        return self._counts

    @property
    def start_s(self) -> float:
        """When the open bin began."""
        return self._start_s

    @property
    def people(self) -> int:
        """In all bins, the open one included."""
        return self.tally.people + self._counts["people"]

    def left_s(self, now: Moment) -> float:
        """Until the open bin ends."""
        return self._end_s - now.wall_s

    def add(self, keys: Sequence[str]) -> bool:
        """Add one to each of these sums of the open bin, `tick` before; false where it is full."""
        if any(self._counts[key] + self._before[key] >= PEOPLE_MAX for key in keys):
            return False
        self._counts.update(keys)
        self._last = tuple(keys)
        return True

    def undo(self) -> bool:
        """Take back the last key of this bin; false where there is none."""
        undone, self._last = self._last, ()
        self._counts.subtract(undone)
        return bool(undone)

    def tick(self, now: Moment) -> bool:
        """Close the open bin where it has ended, or the clock was set out of it; whether it was."""
        if self._start_s - SET_S <= now.wall_s < self._end_s:
            return False
        late_s = now.wall_s - self._end_s
        on_time = 0 <= late_s <= PUNCTUAL_S and self._steady(now)
        self._keep(whole=self._whole and on_time)
        following_s = self._boundaries.following(self._end_s)
        if on_time and now.wall_s < following_s:
            self._open(now, (self._end_s, following_s), whole=True)
        else:
            self._open(now, self._begin(now.wall_s), whole=False)
        return True

    def close(self, now: Moment) -> None:
        """Keep what was pressed; a bin that was cut short is not whole."""
        self.tick(now)
        self._keep(whole=False)
        self._counts.clear()

    def _steady(self, now: Moment) -> bool:
        return abs(now.apart_s - self._apart_s) <= SET_S

    def _begin(self, wall_s: float) -> tuple[float, float]:
        """Start and end of the window at this moment."""
        start_s = self._boundaries.after(wall_s - 2 * self._boundaries.length_s)
        while (end_s := self._boundaries.following(start_s)) <= wall_s:
            start_s = end_s
        return start_s, end_s

    def _open(self, now: Moment, span_s: tuple[float, float], *, whole: bool) -> None:
        self._start_s, self._end_s = span_s
        self._apart_s, self._whole = now.apart_s, whole
        self._counts = Counter()
        self._before = self._kept(timestamp(self._start_s))
        self._last = ()

    def _kept(self, start: str) -> Counter[str]:
        """What was tallied in this bin before, if it was begun once already."""
        found = [each.counts for each in self.tally.bins if each.start == start]
        return Counter(found[0] if found else {})

    def _keep(self, *, whole: bool) -> None:
        """Put the open bin among the others; of one begun before, both parts are its sum."""
        counts = +self._counts
        if not (whole or counts):
            return
        start = timestamp(self._start_s)
        kept = {each.start: each for each in self.tally.bins}
        if start in kept:
            counts, whole = counts + Counter(kept[start].counts), False
        kept[start] = Bin(start=start, end=timestamp(self._end_s), whole=whole, counts=dict(counts))
        self.tally = replace(self.tally, bins=tuple(kept[key] for key in sorted(kept)))
