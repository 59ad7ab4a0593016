"""Ghosts: posters, screens and other pictures of faces that never move.

A living head drifts and turns by more than a detector's jitter within a minute or two; a poster
does not. A face that stays where it is for `ghost_after_s` is a ghost: it is no visitor, and its
place is remembered, so that it is not counted anew each time somebody has walked in front of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.runtime.frame import Box
from edge.runtime.pose import Pose

SMOOTHING_S = 1.0
"""Time constant of the low-pass that takes the detector's jitter away."""

STILL_WIDTHS = 0.10
"""A centre that moved by less than this, in face widths, has not moved."""

STILL_SIZE = 0.10
"""The same for the logarithm of the width."""

STILL_DEG = 8.0
"""The same for yaw and pitch."""

PLACES_MAX = 32
FORGET_S = 3600.0
SAME_PLACE_IOU = 0.5


class Stillness:
    """How long one face has not moved: its slow position against an anchor."""

    __slots__ = ("_anchor", "_mean", "_time_s", "since_s")

    def __init__(self, box: Box, pose: Pose | None, time_s: float) -> None:
        self._mean = self._anchor = _features(box, pose)
        self._time_s = self.since_s = time_s

    def see(self, box: Box, pose: Pose | None, time_s: float) -> None:
        """Take one sighting."""
        gain = 1 - math.exp(-(time_s - self._time_s) / SMOOTHING_S)
        now = _features(box, pose)
        self._mean = tuple(m + gain * (n - m) for m, n in zip(self._mean, now, strict=True))
        self._time_s = time_s
        if self._moved():
            self._anchor, self.since_s = self._mean, time_s

    def _moved(self) -> bool:
        x, y, size, yaw, pitch = (abs(m - a) for m, a in zip(self._mean, self._anchor, strict=True))
        width = math.exp(self._anchor[2])
        return max(x, y) > STILL_WIDTHS * width or size > STILL_SIZE or max(yaw, pitch) > STILL_DEG


def _features(box: Box, pose: Pose | None) -> tuple[float, ...]:
    yaw, pitch = (0.0, 0.0) if pose is None else pose
    return (*box.centre, math.log(max(box.width, 1.0)), yaw, pitch)


@dataclass(slots=True)
class _Place:
    box: Box
    seen_s: float


class Ghosts:
    """The remembered places of ghosts: few, and forgotten when they have not been seen."""

    def __init__(self) -> None:
        self._places: list[_Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def remember(self, box: Box, time_s: float) -> None:
        """There is a ghost here."""
        if not self.haunts(box, time_s):
            self._places = [*self._places[1 - PLACES_MAX :], _Place(box, time_s)]

    def haunts(self, box: Box, time_s: float) -> bool:
        """Whether a face here is a known ghost; keeps the memory of it fresh."""
        self._places = [place for place in self._places if time_s - place.seen_s <= FORGET_S]
        for place in self._places:
            if place.box.iou(box) >= SAME_PLACE_IOU:
                place.seen_s = time_s
                return True
        return False
