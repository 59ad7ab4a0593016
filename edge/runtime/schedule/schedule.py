"""When and where faces are looked for: as often as those in view ask for, and as widely.

Hardly ever where nobody is; in the part of the frame where something moves or somebody is known
to be, and every sweep in all of it. One look costs one invocation of the network, and shows either
the whole frame (or columns of it) shrunken, or a tile with every pixel; they share the looks by
what each would gain (`edge.runtime.schedule.priority`).

A frame that is not looked at is not lost: whoever is followed is predicted, time goes on, and the
frame was observed, since anybody in it would have moved or will be met by the next sweep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from edge.config.people import Motion
from edge.runtime.frame import EVERYWHERE, Box, Frame, Region, Span, Tile, seen_shrunk
from edge.runtime.meter import Meter
from edge.runtime.schedule.gate import Gate
from edge.runtime.schedule.priority import PriorityMap, Target
from edge.runtime.schedule.urgency import Urgency

JITTER = 0.1
"""A frame may come early by this share of the shortest interval: stamps are not exact."""

GHOST_S = 0.5
"""Between two looks while only pictures of faces are in view."""

HALF_SHARE = 0.74
"""While nobody is known a look covers this share of the frame, left and right alternating: whoever
comes is met a look later at worst, and from then on all of the frame is searched that has to be."""

ALTERNATE_S = 0.15
"""Where looks are further apart than this, each of them counts and covers everything."""

UNKNOWN_RATE = 5.0
"""Looks a second at the whole frame while something unknown moves."""

WHOLE_S = 0.1
"""The whole frame is looked at as often as this, whatever more tiles would gain, or every second
time where looks are rarer: a run of tiles shows nobody elsewhere."""

SWEEP_LOOKS = 5
"""Of so many looks one is a tile that was not looked at for longest: for whoever sits still."""

Tiles = Sequence[tuple[float, float]]
"""Sizes of the tiles that one look can show, as `Detector.tiles` tells them."""


class Watched(Protocol):
    """Those in view, as far as looking for them goes."""

    @property
    def urgency(self) -> Urgency:
        """How closely they must be watched."""

    @property
    def boxes(self) -> Sequence[Box]:
        """Where the faces of those who are followed are expected."""

    @property
    def reach(self) -> Span | None:
        """The columns in which all of them, and those perhaps met, are; None for nobody."""

    @property
    def targets(self) -> Sequence[Target]:
        """Each of them, with what is owed to them."""


class Schedule:
    """Decides frame by frame whether to look and where; learns meanwhile what the scene is like."""

    def __init__(self, settings: Motion, meter: Meter) -> None:
        self.gated = 0
        """Frames not looked at because nothing called for it."""
        self._settings = settings
        self._meter = meter
        self.restart()

    def restart(self) -> None:
        """Another source, or the same one after a pause: nothing is known of the scene."""
        self._gate = Gate()
        self._looked_s = self._swept_s = self._unknown_s = self._unclear_s = -math.inf
        self._whole_s = -math.inf
        self._moving: Span | None = None
        self._map: PriorityMap | None = None
        self._since_sweep = 0
        self._in_tiles = False
        self._right = False

    def due(
        self, frame: Frame, people: Watched, fps_max: float, tiles: Tiles = ()
    ) -> Region | None:
        """Where to look for faces now, None for a frame that needs no look.

        `fps_max` is a bound on the looks a second, `tiles` the sizes of those that can be had.
        """
        interval_s = 1 / fps_max
        # The same as if every frame came a little late.
        now_s = frame.captured_s + JITTER * interval_s
        since_s = now_s - self._looked_s
        if since_s < interval_s:
            return None
        urgency = people.urgency
        if self._settings.enabled:
            self._watch(frame, people.boxes)
            if not self._wanted(frame.captured_s, urgency, since_s):
                self.gated += 1
                return None
        self._looked_s = frame.captured_s
        tile = self._tile(frame, people, urgency, tiles)
        if tile is not None:
            self._in_tiles = True
            return tile
        self._in_tiles, self._whole_s = False, frame.captured_s
        return self._shrunk(frame, people, now_s, since_s)._replace(shrunk=bool(tiles))

    def _shrunk(self, frame: Frame, people: Watched, now_s: float, since_s: float) -> Span:
        """The columns of the shrunken frame to look at."""
        if not self._settings.partial or now_s - self._swept_s >= self._settings.sweep_s:
            self._swept_s = frame.captured_s
            return EVERYWHERE
        reach = people.reach
        region = self._region(now_s, reach)
        alternating = reach is None and since_s <= ALTERNATE_S
        return self._alternating(region, frame.full_width) if alternating else region

    def _tile(self, frame: Frame, people: Watched, urgency: Urgency, tiles: Tiles) -> Tile | None:
        """The tile to look into, None where the whole frame is worth more."""
        now_s = frame.captured_s
        overdue = self._in_tiles and now_s - self._whole_s > WHOLE_S
        if not tiles or not self._settings.partial or overdue:
            return None
        priorities = self._map
        if priorities is None:
            self._map = PriorityMap(frame, now_s)
            return None
        tile = self._sweep(priorities, urgency, tiles, now_s)
        if tile is None:
            targets = people.targets
            tile, gain = priorities.best(targets, tiles[0], now_s)
            if gain <= self._shrunk_gain(targets, now_s, frame.full_width):
                return None
        priorities.looked(tile, now_s)
        return tile

    def _sweep(
        self, priorities: PriorityMap, urgency: Urgency, tiles: Tiles, now_s: float
    ) -> Tile | None:
        """The tile whose turn it is: one of a few looks, every second one of an empty scene."""
        self._since_sweep += 1
        still = self._settings.enabled and now_s - self._unknown_s > self._settings.hold_s
        idle = still and urgency is Urgency.NOBODY
        if self._since_sweep < (2 if idle else SWEEP_LOOKS):
            return None
        self._since_sweep = 0
        return priorities.oldest(tiles[-1 if idle else 0], now_s)

    def _shrunk_gain(self, targets: Sequence[Target], now_s: float, width: float) -> float:
        """What a look at the whole frame is worth."""
        gain = sum(target.gain(now_s) * seen_shrunk(target.box, width) for target in targets)
        since_s = now_s - self._whole_s
        if now_s - self._unknown_s <= self._settings.hold_s:
            gain += since_s * UNKNOWN_RATE
        return gain + since_s / self._settings.sweep_s

    def _watch(self, frame: Frame, known: Sequence[Box]) -> None:
        """Take note of what moves."""
        now_s = frame.captured_s
        with self._meter.stage("gate"):
            motion = self._gate.motion(frame, known)
        if motion.unknown:
            self._unknown_s = now_s
        if motion.region is EVERYWHERE:
            self._unclear_s = now_s
        self._moving = motion.region
        if self._map is not None:
            self._map.stir(motion.cells)

    def _wanted(self, now_s: float, urgency: Urgency, since_s: float) -> bool:
        if urgency is Urgency.CLOSE or since_s >= self._pause_s(urgency):
            return True
        return now_s - self._unknown_s <= self._settings.hold_s

    def _region(self, now_s: float, reach: Span | None) -> Span:
        """Where something moves or somebody is expected; everywhere if that is unclear."""
        known = [span for span in (self._moving, reach) if span is not None]
        clear = self._settings.enabled and now_s - self._unclear_s > self._settings.hold_s
        return known[0].with_all(known[1:]) if known and clear else EVERYWHERE

    def _alternating(self, region: Span, width: int) -> Span:
        """Of more than a look may cover, the left and the right part alternating."""
        if min(region.right, width) - max(region.left, 0) <= HALF_SHARE * width:
            return region
        self._right = not self._right
        return Span((1 - HALF_SHARE) * width, width) if self._right else Span(0, HALF_SHARE * width)

    def _pause_s(self, urgency: Urgency) -> float:
        """The longest time between two looks."""
        if urgency is Urgency.STEADY:
            return 1 / self._settings.steady_fps
        return GHOST_S if urgency is Urgency.GHOSTS else self._settings.sweep_s
