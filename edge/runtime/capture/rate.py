"""Which pictures of a stream are wanted, so that no more are decoded than `source.fps` asks for."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from statistics import median
from typing import Any

PERIODS = 9
"""So many times between packets are remembered; their median outlives what the network delays."""

EARLY = 0.1
"""A camera that is faster by less than this share is given as it is."""

UNEVEN = 0.35
"""What arrives comes early by up to this share: a camera of just that rate must lose nothing."""


class Rate:
    """Picks packets of a stream, one in each of `fps` slots a second, by the camera's own stamps.

    That holds in whatever order the packets come, whichever are lost. All are wanted until the
    camera's own rate is known, and where it is hardly higher than what is asked for.
    """

    def __init__(self, fps: float, time_base: Fraction) -> None:
        self._fps = fps
        self._time_base = float(time_base)
        self._last_s: float | None = None
        self._periods_s: deque[float] = deque(maxlen=PERIODS)
        self._served: deque[int] = deque(maxlen=PERIODS)

    def __call__(self, packet: Any) -> bool:
        """Whether a packet's picture is wanted; every one where it has no stamp."""
        if packet.dts is not None:
            self._note(packet.dts * self._time_base)
        if packet.pts is None or len(self._periods_s) < PERIODS:
            return True
        period_s = median(self._periods_s)
        if period_s * self._fps > 1 - EARLY:
            return True
        # From the middle between two pictures, so that an uneven stamp leaves it in its slot.
        slot = math.floor((packet.pts * self._time_base + period_s / 2) * self._fps)
        if slot in self._served:
            return False
        self._served.append(slot)
        return True

    def _note(self, decoded_s: float) -> None:
        """Learn the time from one picture to the next."""
        if self._last_s is not None and decoded_s > self._last_s:
            self._periods_s.append(decoded_s - self._last_s)
        self._last_s = decoded_s


class ArrivalRate:
    """Picks packets by when they arrive, for what has no times of its own: JPEG after JPEG."""

    def __init__(self, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = 1 / fps
        self._clock = clock
        self._due_s = -math.inf

    def __call__(self, _packet: object = None) -> bool:
        """Whether the packet that has just arrived is wanted."""
        now_s = self._clock()
        if now_s < self._due_s - UNEVEN * self._period_s:
            return False
        # On the grid while it is kept up with, else from now on.
        self._due_s = max(self._due_s + self._period_s, now_s + (1 - UNEVEN) * self._period_s)
        return True
