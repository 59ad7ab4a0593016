"""How a soak is run: in real time for hours, or a day's windows as fast as they can be made."""

from __future__ import annotations

from typing import NamedTuple

DAY_WINDOWS = 1_440
"""Windows of a day, at the default length of a minute."""


class Plan(NamedTuple):
    """What is run, how long, and what growth is still called flat."""

    name: str
    live: bool
    """A network camera in real time; else a clip, as fast as its frames are processed."""
    hours: float
    windows: int
    """It ends after so many hours of real time, or so many windows."""
    window_s: float
    detector: str
    between_s: tuple[float, float]
    """Least and most time from one recovery to the next fault."""
    fault_s: tuple[float, float]
    """Least and most time that a fault lasts."""
    sample_s: float
    growth_mb: float
    """Resident memory may grow by so much in `unit`, and open files by one."""
    unit: str
    seed: int = 7


def real_time(hours: float) -> Plan:
    """The product as it is installed, on a network camera."""
    return Plan(
        name=f"{hours:g} h in real time", live=True, hours=hours, windows=0, window_s=10.0,
        detector="far", between_s=(20, 50), fault_s=(3, 15), sample_s=5.0,
        growth_mb=1.0, unit="an hour",
    )  # fmt: skip


def day(windows: int = DAY_WINDOWS) -> Plan:
    """As many windows as a day of minutes has, made as fast as the clip's frames are processed.

    Equivalent in windows, messages, commits and in what is kept from one to the next; not in
    frames: a window has 10 of them instead of 600.
    """
    return Plan(
        name=f"{windows:,} windows as fast as possible", live=False, hours=0.0, windows=windows,
        window_s=1.0, detector="near", between_s=(0.5, 1.5), fault_s=(0.3, 1.5), sample_s=0.5,
        growth_mb=1.0, unit="a day's windows",
    )  # fmt: skip
