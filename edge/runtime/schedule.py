"""When and where faces are looked for: as often as those in view need it, and as widely.

Hardly ever where nobody is; in the part of the frame where something moves or somebody is known
to be, and every sweep in all of it.

A frame that is not looked at is not lost: whoever is followed is predicted, time goes on, and the
frame was observed, since anybody in it would have moved or will be met by the next sweep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from edge.config_people import Motion
from edge.runtime.frame import EVERYWHERE, Box, Frame, Span
from edge.runtime.gate import Gate
from edge.runtime.meter import Meter
from edge.runtime.need import Need

JITTER = 0.1
"""A frame may come early by this share of the shortest interval: stamps are not exact."""

GHOST_S = 0.5
"""Between two looks while only pictures of faces are in view."""

TURN = 0.74
"""While nobody is known a look covers this share of the frame, left and right by turns: whoever
comes is met a look later at worst, and from then on all of the frame is searched that has to be."""

TURN_S = 0.15
"""Where looks are further apart than this, each of them counts and covers everything."""


class Watched(Protocol):
    """Those in view, as far as looking for them goes."""

    @property
    def need(self) -> Need:
        """How closely they must be watched."""

    @property
    def boxes(self) -> Sequence[Box]:
        """Where the faces of those who are followed are expected."""

    @property
    def reach(self) -> Span | None:
        """The columns in which all of them, and those perhaps met, are; None for nobody."""


class Schedule:
    """Decides frame by frame whether to look; learns meanwhile what the scene is like."""

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
        self._stirred: Span | None = None
        self._right = False

    def due(self, frame: Frame, people: Watched, fps_max: float) -> Span | None:
        """The columns to look for faces in, None for a frame that needs no look; `fps_max` is a
        bound on the looks a second.
        """
        interval_s = 1 / fps_max
        # The same as if every frame came a little late.
        now_s = frame.captured_s + JITTER * interval_s
        since_s = now_s - self._looked_s
        if since_s < interval_s:
            return None
        if self._settings.enabled:
            self._watch(frame, people.boxes)
            if not self._wanted(frame.captured_s, people.need, since_s):
                self.gated += 1
                return None
        self._looked_s = frame.captured_s
        if not self._settings.partial or now_s - self._swept_s >= self._settings.sweep_s:
            self._swept_s = frame.captured_s
            return EVERYWHERE
        reach = people.reach
        across = self._across(now_s, reach)
        by_turns = reach is None and since_s <= TURN_S
        return self._by_turns(across, frame.full_width) if by_turns else across

    def _watch(self, frame: Frame, known: Sequence[Box]) -> None:
        """Take note of what moves."""
        now_s = frame.captured_s
        with self._meter.stage("gate"):
            stir = self._gate.stir(frame, known)
        if stir.unknown:
            self._unknown_s = now_s
        if stir.across is EVERYWHERE:
            self._unclear_s = now_s
        self._stirred = stir.across

    def _wanted(self, now_s: float, need: Need, since_s: float) -> bool:
        if need is Need.CLOSE or since_s >= self._pause_s(need):
            return True
        return now_s - self._unknown_s <= self._settings.hold_s

    def _across(self, now_s: float, reach: Span | None) -> Span:
        """Where something moves or somebody is expected; everywhere if that is unclear."""
        known = [span for span in (self._stirred, reach) if span is not None]
        clear = self._settings.enabled and now_s - self._unclear_s > self._settings.hold_s
        return known[0].with_all(known[1:]) if known and clear else EVERYWHERE

    def _by_turns(self, across: Span, width: int) -> Span:
        """Of more than a look may cover, the left and the right part by turns."""
        if min(across.right, width) - max(across.left, 0) <= TURN * width:
            return across
        self._right = not self._right
        return Span((1 - TURN) * width, width) if self._right else Span(0, TURN * width)

    def _pause_s(self, need: Need) -> float:
        """The longest time between two looks."""
        if need is Need.STEADY:
            return 1 / self._settings.steady_fps
        return GHOST_S if need is Need.GHOSTS else self._settings.sweep_s
