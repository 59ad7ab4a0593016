"""Two clocks: the source's monotonic timeline for durations, the wall for stamps."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches this file at its first synchronisation after a start."""

_TIME_ERROR = 5
"""What adjtimex(2) returns while the kernel's clock is not synchronised."""


class Clock(Protocol):
    """Maps a source's timeline to wall time."""

    def wall_s(self, captured_s: float) -> float:
        """Seconds since 1970 at `captured_s`, by what the wall clock says now."""

    def synced(self) -> bool:
        """Whether the wall clock can be trusted."""


class LiveClock:
    """For cameras: `captured_s` is time.monotonic(), and the wall clock may be set meanwhile."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        synced: Callable[[], bool] | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._synced = synced or system_synced

    def wall_s(self, captured_s: float) -> float:
        """The wall clock's present reading, less the age of `captured_s`."""
        return self._wall() - (self._monotonic() - captured_s)

    def synced(self) -> bool:
        """Whether the kernel's clock is synchronised now."""
        return self._synced()


class MediaClock:
    """For recordings: the wall clock at the start, plus the time within the recording."""

    def __init__(
        self, wall: Callable[[], float] = time.time, synced: Callable[[], bool] | None = None
    ) -> None:
        self._start_s = wall()
        self._synced = (synced or system_synced)()

    def wall_s(self, captured_s: float) -> float:
        """The start plus `captured_s`, which counts from the recording's beginning."""
        return self._start_s + captured_s

    def synced(self) -> bool:
        """Whether the wall clock was synchronised at the start."""
        return self._synced


def system_synced() -> bool:
    """Whether the system's wall clock is synchronised.

    The kernel says so itself; where a sandbox refuses the question, the mark that
    systemd-timesyncd leaves answers it.
    """
    answer = _kernel_synced()
    return TIMESYNC_MARK.exists() if answer is None else answer


def _kernel_synced() -> bool | None:
    """What adjtimex(2) says, without changing anything; None where it may not be asked."""
    # struct timex, all of it zero: modes = 0 only reads. It is 208 bytes long on 64-bit Linux.
    state = ctypes.create_string_buffer(512)
    try:
        status: int = ctypes.CDLL(None, use_errno=True).adjtimex(state)
    except (OSError, AttributeError):
        return None
    return None if status < 0 else status != _TIME_ERROR
