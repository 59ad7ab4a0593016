"""How a track begins: three detections in a line, evenly paced.

Two detections fit any two people: of a couple who walk past, the second is in the next frame
where the first was in this one, and a tracker that takes the nearest ties the wrong knot. Three
detections must also agree on the speed, which chance rarely does (track initiation by
constant-velocity triples; Blackman & Popoli, *Modern Tracking Systems*, 1999, 6.5).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from edge.runtime.frame import EVERYWHERE, Box, Face, Region, Tile
from edge.runtime.people.motion import CORRELATED_S, POSITION_NOISE, SIZE_NOISE
from edge.runtime.people.pose import Pose

LOOKS = 5
"""How many looks at the same place back a first detection may lie: two may be missed between."""

LOOKS_KEPT = 24
"""However they are spread over the frame, and however often it is looked at."""

AGE_MAX_S = 2.0
"""At low frame rates the frames are this old at most."""

CLOCK_S = 0.005
"""Frames come early by as much now and then."""

SPEED_WIDTHS_S = 6.0
"""Standard deviation of people's speeds, in face widths a second."""

YAW_DEG = 20.0
"""Standard deviation of the yaw's change within a triple."""

COST_MAX = 20.0
"""Triples that cost more are not one person."""

SIZE_RATIO = math.exp(math.sqrt(2 * COST_MAX) * SIZE_NOISE)
"""Widths of two sightings in a row that differ by more cost too much."""

WIDER = (2 + SIZE_RATIO) / 3
"""How much the mean width of a triple may exceed the larger of two in a row."""

JITTER_WIDTHS = WIDER * math.sqrt(2 * COST_MAX) * POSITION_NOISE
RUN_WIDTHS_S = WIDER * math.sqrt(COST_MAX) * SPEED_WIDTHS_S
"""Sightings in a row are no further apart than the detector's noise and the speed allow."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An unassigned detection, waiting for two more."""

    face: Face
    pose: Pose | None
    time_s: float


@dataclass(frozen=True, slots=True)
class Triple:
    """Three sightings of one face, in order; `cost` compares triples."""

    first: Sighting
    middle: Sighting
    last: Sighting
    cost: float


class _Look(NamedTuple):
    """What a look at a region left unassigned."""

    region: Region
    time_s: float
    sightings: list[Sighting]


class TrackInitiator:
    """The unassigned detections of the last few looks: all that is kept of who may be coming."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=LOOKS_KEPT)
        self._kept = 0

    def __len__(self) -> int:
        return self._kept

    @property
    def sightings(self) -> list[tuple[Box, float]]:
        """Where they were, and when."""
        if not self._kept:  # as mostly, and this is asked for several times a look
            return []
        return [(s.face.box, s.time_s) for look in self._looks for s in look.sightings]

    def clear(self) -> None:
        """Forget everything."""
        self._looks.clear()
        self._kept = 0

    def add(
        self, now: Sequence[Sighting], time_s: float, region: Region = EVERYWHERE
    ) -> list[Triple]:
        """A look's unassigned detections → the triples that end in it, likeliest first."""
        if self._kept:
            self._drop({id(s) for look in self._looks for s in look.sightings
                        if time_s - s.time_s > AGE_MAX_S})  # fmt: skip
        if not now:  # as on most looks: nothing can end in it
            self._keep(_Look(region, time_s, []))
            return []
        before = self._before(region, time_s)
        born = _best(sorted(self._triples(before, now), key=lambda triple: triple.cost))
        used = {id(s) for triple in born for s in (triple.first, triple.middle, triple.last)}
        self._drop(used)
        self._keep(_Look(region, time_s, [s for s in now if id(s) not in used]))
        return born

    def _keep(self, look: _Look) -> None:
        """Keep a look; the oldest makes room for it."""
        if len(self._looks) == LOOKS_KEPT:
            self._kept -= len(self._looks[0].sightings)
        self._looks.append(look)
        self._kept += len(look.sightings)

    def _drop(self, sightings: set[int]) -> None:
        """Forget sightings, by their ids."""
        if sightings:
            for look in self._looks:
                look.sightings[:] = [old for old in look.sightings if id(old) not in sightings]
            self._kept = sum(len(look.sightings) for look in self._looks)

    def _before(self, region: Region, time_s: float) -> list[list[Sighting]]:
        """What the last few looks at this place left, oldest first.

        Of looks that share their errors one counts: that it shows thrice in a row what is no face
        would otherwise be likelier the more often one looks.
        """
        found: list[list[Sighting]] = []
        last_s = time_s
        for look in reversed(self._looks):
            if last_s - look.time_s >= CORRELATED_S - CLOCK_S and _overlap(look.region, region):
                last_s = look.time_s
                found.append(look.sightings)
                if len(found) == LOOKS - 1:
                    break
        return found[::-1]

    def _triples(self, frames: list[list[Sighting]], now: Sequence[Sighting]) -> Iterator[Triple]:
        for index, middles in enumerate(frames):
            earlier = [sighting for frame in frames[:index] for sighting in frame]
            for middle in middles:
                lasts = [last for last in now if may_be_one(middle, last)]
                firsts = [first for first in earlier if lasts and may_be_one(first, middle)]
                for first, last in product(firsts, lasts):
                    cost = cost_of(first, middle, last)
                    if cost <= COST_MAX:
                        yield Triple(first, middle, last, cost)


def _overlap(one: Region, other: Region) -> bool:
    """Whether two looks show a common place; a shrunken frame and a tile show different faces."""
    if isinstance(one, Tile) and isinstance(other, Tile):
        across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
        down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
        return across > one.width / 2 and down > one.height / 2
    return True


def _best(triples: Sequence[Triple]) -> list[Triple]:
    """Of triples sorted by cost, those that share no detection with a better one."""
    used: set[int] = set()
    chosen = []
    for triple in triples:
        ids = {id(triple.first), id(triple.middle), id(triple.last)}
        if not ids & used:
            used |= ids
            chosen.append(triple)
    return chosen


def may_be_one(earlier: Sighting, later: Sighting) -> bool:
    """Whether two sightings can stand side by side in a triple that costs no more than COST_MAX.

    What is too far away or of too different a size makes each term of the cost too large by
    itself; in a group that leaves each face a few neighbours instead of everybody.
    """
    a, b = earlier.face.box, later.face.box
    small, large = (a.width, b.width) if a.width < b.width else (b.width, a.width)
    if large > small * SIZE_RATIO:
        return False
    reach = large * (JITTER_WIDTHS + RUN_WIDTHS_S * (later.time_s - earlier.time_s))
    off_x = b.left - a.left + (b.width - a.width) / 2
    off_y = b.top - a.top + (b.height - a.height) / 2
    return off_x * off_x + off_y * off_y <= reach * reach


def cost_of(first: Sighting, middle: Sighting, last: Sighting) -> float:
    """Minus twice the log-likelihood, but for a constant, that these are one steady walker."""
    a, b, c = first.face.box, middle.face.box, last.face.box
    width = (a.width + b.width + c.width) / 3
    span_s = last.time_s - first.time_s
    share = (middle.time_s - first.time_s) / span_s
    (ax, ay), (bx, by), (cx, cy) = a.centre, b.centre, c.centre
    off_x = bx - ax - share * (cx - ax)
    off_y = by - ay - share * (cy - ay)
    variance = POSITION_NOISE**2 * (1 + share**2 + (1 - share) ** 2)
    cost = (off_x**2 + off_y**2) / (width**2 * variance)
    cost += ((cx - ax) ** 2 + (cy - ay) ** 2) / (width * SPEED_WIDTHS_S * span_s) ** 2
    for one, other in ((a, b), (b, c)):
        cost += math.log(max(other.width, 1) / max(one.width, 1)) ** 2 / (2 * SIZE_NOISE**2)
    if first.pose and middle.pose and last.pose:
        turn = abs(middle.pose.yaw_deg - first.pose.yaw_deg)
        cost += (max(turn, abs(last.pose.yaw_deg - middle.pose.yaw_deg)) / YAW_DEG) ** 2
    return cost
