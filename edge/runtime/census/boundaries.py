"""Where windows end: at multiples of their length on the clock on the wall, over DST changes."""

from __future__ import annotations

import math
from collections.abc import Callable

_RESOLUTION_S = 1e-3
"""Clocks are put forward or back at whole seconds; found to this."""


class Boundaries:
    """Moments (seconds since 1970) at which local time is, or jumps over, a multiple of a length.

    Local time is counted in seconds from the midnight that began 1970 there. A multiple that comes
    twice, since clocks are put back, is twice a boundary. So days are 23, 24 or 25 hours long and
    begin at midnight, or where there is none, at the moment that takes its place.
    """

    def __init__(self, length_s: float, ahead: Callable[[float], float]) -> None:
        """`ahead` tells by how many seconds local time is ahead of UTC at a moment."""
        self.length_s, self._ahead = length_s, ahead

    def after(self, wall_s: float) -> float:
        """The first boundary later than `wall_s`."""
        from_s, ahead_s = wall_s, self._ahead(wall_s)
        found_s = self._multiple(wall_s, ahead_s)
        while self._ahead(found_s) != ahead_s:
            # The clocks are changed on the way, before a multiple by the old time comes.
            from_s = self._change(from_s, found_s)
            before_s, ahead_s = ahead_s, self._ahead(from_s)
            if self._jumps_over(from_s + before_s, from_s + ahead_s):
                return from_s
            found_s = self._multiple(from_s - _RESOLUTION_S, ahead_s)
        return found_s

    def near(self, wall_s: float, tolerance_s: float) -> float | None:
        """The boundary that is no further away than `tolerance_s`; None where there is none."""
        found_s = self.after(wall_s - tolerance_s)
        return found_s if found_s <= wall_s + tolerance_s else None

    def following(self, wall_s: float) -> float:
        """The end of the window that begins at `wall_s`: the boundary about one length away."""
        return self.after(wall_s + self.length_s / 2)

    def _multiple(self, wall_s: float, ahead_s: float) -> float:
        """The first multiple later than `wall_s` on clocks that are never changed."""
        length_s = self.length_s
        found_s = (math.floor((wall_s + ahead_s) / length_s) + 1) * length_s - ahead_s
        return found_s if found_s > wall_s else found_s + length_s

    def _jumps_over(self, from_s: float, to_s: float) -> bool:
        """Whether clocks that are put forward pass a multiple."""
        return to_s > from_s and math.floor(to_s / self.length_s) >= from_s / self.length_s

    def _change(self, low_s: float, high_s: float) -> float:
        """The moment, between two on either side of it, from which the clocks are changed."""
        before_s = self._ahead(low_s)
        while high_s - low_s > _RESOLUTION_S:
            middle_s = (low_s + high_s) / 2
            if self._ahead(middle_s) == before_s:
                low_s = middle_s
            else:
                high_s = middle_s
        return round(high_s)
