"""When faces are looked for: as often as those in view need it, and hardly ever where none is.

A frame that is not looked at is not lost: whoever is followed is predicted, time goes on, and the
frame was observed, since anybody in it would have moved or will be met by the next sweep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from edge.config_people import Motion
from edge.runtime.frame import Box, Frame
from edge.runtime.gate import Gate
from edge.runtime.meter import Meter
from edge.runtime.need import Need

JITTER = 0.1
"""A frame may come early by this share of the shortest interval: stamps are not exact."""

GHOST_S = 0.5
"""Between two looks while only pictures of faces are in view."""


class Watched(Protocol):
    """Those in view, as far as looking for them goes."""

    @property
    def need(self) -> Need:
        """How closely they must be watched."""

    @property
    def boxes(self) -> Sequence[Box]:
        """Where their faces are expected."""


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
        self._looked_s = self._moved_s = -math.inf

    def due(self, frame: Frame, people: Watched, fps_max: float) -> bool:
        """Whether to look for faces on this frame, given those in view; `fps_max` is a bound."""
        interval_s = 1 / fps_max
        # The same as if every frame came a little late.
        since_s = frame.captured_s - self._looked_s + JITTER * interval_s
        if since_s < interval_s:
            return False
        if not self._wanted(frame, people, since_s):
            self.gated += 1
            return False
        self._looked_s = frame.captured_s
        return True

    def _wanted(self, frame: Frame, people: Watched, since_s: float) -> bool:
        settings, need = self._settings, people.need
        if not settings.enabled or need is Need.CLOSE or since_s >= self._pause_s(need):
            return True
        if frame.captured_s - self._moved_s <= settings.hold_s:
            return True
        with self._meter.stage("gate"):
            moved = self._gate.moved(frame, people.boxes)
        if moved:
            self._moved_s = frame.captured_s
        return moved

    def _pause_s(self, need: Need) -> float:
        """The longest time between two looks."""
        if need is Need.STEADY:
            return 1 / self._settings.steady_fps
        return GHOST_S if need is Need.GHOSTS else self._settings.sweep_s
