"""Judges a soak: is memory flat, are handles, is every window there?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.soak.consumer import Seen
from benchmarks.soak.device import Sample
from benchmarks.soak.plan import Plan

LIFE_SHARE = 0.4
"""Only processes that lived for so much of the soak are judged,"""
WARM_UP_SHARE = 0.1
"""and after so much of it: caches and allocators fill at first."""

HANDLES = 1.0
"""Open files or threads more, in an hour or a day's windows, that are still called flat."""

OBSERVED_MIN = 0.99
"""Share of undisturbed time that was looked at; a busy machine may miss a frame for a second."""

START_S = 15.0
"""What a start of vision may take, the pause before it included."""

CAMERA_FPS = 10


class Growth(NamedTuple):
    """What became of one process' resources, over all its lives that are judged."""

    verb: str
    lives: int
    judged_s: float
    """Time from the first to the last judged sample, over all judged lives."""
    rss_mb: float
    pss_mb: float
    handles: int
    threads: int
    """The highest values seen in these."""
    slope_mb: float
    slope_handles: float
    slope_threads: float
    """Growth in an hour, or over a day's windows."""


class Hole(NamedTuple):
    """Windows from `first` up to (not including) `end`, which a fault had a hand in."""

    first: int
    end: int


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Growth per second that shows in the floor and in the peaks of the second half of a life.

    Memory has two levels or more (a camera that was opened anew holds some MiB more until the next
    pause), between which a line through all points would find growth or decline. A leak raises
    both the lowest and the highest of them; a twentieth at either end is left out as noise.
    """
    middle_s = (points[0][0] + points[-1][0]) / 2
    first = sorted(value for at_s, value in points if at_s < middle_s)
    second = sorted(value for at_s, value in points if at_s >= middle_s)
    if not first:
        return 0.0
    grown = (_at(second, share) - _at(first, share) for share in (0.05, 0.95))
    return min(grown) / (points[-1][0] - middle_s)


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which so large a share of them lies."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def growth(verb: str, samples: Iterable[Sample], unit_s: float) -> Growth | None:
    """One process' growth in `unit_s`; None where no life was long enough to be judged."""
    lives: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.verb == verb:
            lives[sample.life].append(sample)
    ran_s = max((life[-1].at_s for life in lives.values()), default=0.0)
    judged = [
        [sample for sample in life if sample.at_s - life[0].at_s >= WARM_UP_SHARE * ran_s]
        for life in lives.values()
        if life[-1].at_s - life[0].at_s >= LIFE_SHARE * ran_s
    ]
    if not judged:
        return None

    def per_unit(value: Callable[[Sample], float]) -> float:
        """The mean over the lives, a longer one counting more."""
        slopes = [slope([(sample.at_s, value(sample)) for sample in life]) for life in judged]
        lengths_s = [life[-1].at_s - life[0].at_s for life in judged]
        weighted = sum(one * length_s for one, length_s in zip(slopes, lengths_s, strict=True))
        return weighted / sum(lengths_s) * unit_s

    every = [sample for life in judged for sample in life]
    return Growth(
        verb=verb,
        lives=len(lives),
        judged_s=sum(life[-1].at_s - life[0].at_s for life in judged),
        rss_mb=max(sample.rss_mb for sample in every),
        pss_mb=max(sample.pss_mb for sample in every),
        handles=max(sample.handles for sample in every),
        threads=max(sample.threads for sample in every),
        slope_mb=per_unit(lambda sample: sample.rss_mb),
        slope_handles=per_unit(lambda sample: sample.handles),
        slope_threads=per_unit(lambda sample: sample.threads),
    )


def growing(plan: Plan, verb: str, found: Growth | None) -> list[str]:
    """What is wrong with a process' resources, a sentence each."""
    if found is None:
        return [f"{verb}: never lived for long, so its memory cannot be judged"]
    unit = plan.unit
    wrong = []
    if found.slope_mb > plan.growth_mb:
        wrong.append(f"{verb}: memory grows by {found.slope_mb:.2f} MiB in {unit}")
    for name, per_unit in (("open files", found.slope_handles), ("threads", found.slope_threads)):
        if per_unit > HANDLES:
            wrong.append(f"{verb}: {per_unit:.1f} {name} more in {unit}")
    return wrong


def missing(windows: Mapping[int, Seen]) -> list[str]:
    """Numbers from 1 to the last that never came."""
    gone = sorted(set(range(1, max(windows, default=0) + 1)) - set(windows))
    return [f"{len(gone)} windows are missing: {gone[:10]}"] if gone else []


def undisturbed(windows: Mapping[int, Seen], holes: Iterable[Hole]) -> dict[int, Seen]:
    """Windows that no fault could excuse: those between the holes, but for each boot's first."""
    excused = {number for hole in holes for number in range(hole.first, hole.end)}
    firsts = {}
    for number in sorted(windows):
        firsts.setdefault(windows[number].boot, number)
    last = max(windows, default=0)
    excused |= {*firsts.values(), last}
    return {number: seen for number, seen in windows.items() if number not in excused}


def torn(plan: Plan, windows: Mapping[int, Seen], holes: Iterable[Hole]) -> list[str]:
    """Windows that are short, or not looked at, without a fault that explains it."""
    free = undisturbed(windows, holes)
    wrong = [
        f"window {number} has {seen.window_s:.1f} s, {seen.observed_s:.1f} s of them observed"
        for number, seen in free.items()
        if not seen.is_full(plan.window_s)
    ]
    covered_s = sum(seen.window_s for seen in free.values())
    observed_s = sum(seen.observed_s for seen in free.values())
    if observed_s < OBSERVED_MIN * covered_s:
        wrong.insert(0, f"undisturbed windows: {observed_s:.1f} s observed of {covered_s:.1f} s")
    return [*wrong[:5], f"… and {len(wrong) - 5} more"] if len(wrong) > 5 else wrong


def uncovered(plan: Plan, windows: Mapping[int, Seen], ran_s: float, pauses: int = 0) -> list[str]:
    """Time that no window covers, beyond what starting vision costs.

    A killed vision takes the open window with it. Of a clip, the time run is that of its frames,
    and what is covered that which was observed: windows go on in a pause, and the clip does not.
    The frame before each pause stands for no time.
    """
    covered_s = sum(seen.window_s for seen in windows.values())
    starts = len({seen.boot for seen in windows.values()})
    if not plan.live:
        ran_s = (sum(seen.frames for seen in windows.values()) - pauses) / CAMERA_FPS
        covered_s = sum(seen.observed_s for seen in windows.values())
    allowed_s = starts * (START_S + plan.window_s if plan.live else 0.2)
    lost_s = ran_s - covered_s
    if -allowed_s <= lost_s <= allowed_s:
        return []
    return [f"windows cover {covered_s:.1f} s of {ran_s:.1f} s, with {starts} starts of vision"]
