"""Ghosts: posters, screens and other pictures of faces that never move.

A living head drifts and turns by more than a detector's jitter within a minute or two; a poster
does not. A face that stays where it is for `ghost_after_s` is a ghost and no visitor. Places where
a face never moved are remembered with the time it did not, so that a poster which people walk in
front of is found out all the same, and not counted anew each time it shows again.
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

    __slots__ = ("_anchor", "_mean", "_time_s", "moved", "since_s")

    def __init__(self, box: Box, pose: Pose | None, time_s: float) -> None:
        self._mean = self._anchor = _features(box, pose)
        self._time_s = self.since_s = time_s
        self.moved = False

    def see(self, box: Box, pose: Pose | None, time_s: float) -> None:
        """Take one sighting."""
        gain = 1 - math.exp(-(time_s - self._time_s) / SMOOTHING_S)
        now = _features(box, pose)
        self._mean = tuple(m + gain * (n - m) for m, n in zip(self._mean, now, strict=True))
        self._time_s = time_s
        if self._has_left():
            self._anchor, self.since_s, self.moved = self._mean, time_s, True

    def _has_left(self) -> bool:
        x, y, size, yaw, pitch = (abs(m - a) for m, a in zip(self._mean, self._anchor, strict=True))
        width = math.exp(self._anchor[2])
        return max(x, y) > STILL_WIDTHS * width or size > STILL_SIZE or max(yaw, pitch) > STILL_DEG


def _features(box: Box, pose: Pose | None) -> tuple[float, ...]:
    yaw, pitch = (0.0, 0.0) if pose is None else pose
    return (*box.centre, math.log(max(box.width, 1.0)), yaw, pitch)


@dataclass(slots=True)
class _Place:
    box: Box
    still_s: float
    seen_s: float


class Ghosts:
    """Places where faces never moved: few, and forgotten when nothing was seen there for long."""

    def __init__(self) -> None:
        self._places: list[_Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def remember(self, box: Box, still_s: float, time_s: float) -> None:
        """A face was here for so long, those before it included, and never moved."""
        place = self._at(box, time_s)
        if place is None:
            self._places = [*self._places[1 - PLACES_MAX :], _Place(box, still_s, time_s)]
        else:
            place.still_s, place.seen_s = max(place.still_s, still_s), time_s

    def still_s(self, box: Box, time_s: float) -> float:
        """How long faces have been here without moving."""
        place = self._at(box, time_s)
        return 0.0 if place is None else place.still_s

    def _at(self, box: Box, time_s: float) -> _Place | None:
        self._places = [place for place in self._places if time_s - place.seen_s <= FORGET_S]
        near = [place for place in self._places if place.box.iou(box) >= SAME_PLACE_IOU]
        return max(near, key=lambda place: place.box.iou(box), default=None)
