"""Ghosts: posters, screens and other pictures of faces that never move.

A living head drifts and turns by more than a detector's jitter within a minute or two; a poster
does not. A face that stays where it is for `ghost_after_s` is a ghost and no visitor. Places where
a face never moved are remembered with the time it did not, so that a poster which people walk in
front of is found out all the same, and not counted anew each time it shows again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from edge.config.people import GHOST_FORGET_S
from edge.runtime.frame import Box
from edge.runtime.people.pose import Pose

SMOOTHING_S = 1.0
"""Time constant of the low-pass that takes the detector's jitter away."""

STILL_WIDTHS = 0.10
"""A centre that moved by less than this, in face widths, has not moved."""

STILL_SIZE = 0.10
"""The same for the logarithm of the width."""

STILL_DEG = 8.0
"""The same for yaw and pitch."""

PLACES_MAX = 32
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
        share = 1 - math.exp(-(time_s - self._time_s) / SMOOTHING_S)
        self._mean = _between(self._mean, _features(box, pose), share)
        self._time_s = time_s
        if _apart(self._anchor, self._mean):
            self._anchor, self.since_s, self.moved = self._mean, time_s, True


class _Features(NamedTuple):
    """Where a face is and how it looks; written out below, for every face has them each frame."""

    x: float
    y: float
    size: float
    yaw_deg: float
    pitch_deg: float


def _features(box: Box, pose: Pose | None) -> _Features:
    yaw, pitch = (0.0, 0.0) if pose is None else pose
    x, y = box.centre
    return _Features(x, y, math.log(max(box.width, 1.0)), yaw, pitch)


def _between(a: _Features, b: _Features, share: float) -> _Features:
    """From `a` this share of the way to `b`."""
    return _Features(
        a.x + share * (b.x - a.x),
        a.y + share * (b.y - a.y),
        a.size + share * (b.size - a.size),
        a.yaw_deg + share * (b.yaw_deg - a.yaw_deg),
        a.pitch_deg + share * (b.pitch_deg - a.pitch_deg),
    )


def _apart(a: _Features, b: _Features) -> bool:
    """Whether a face went from `a` to `b` by more than a detector's jitter."""
    still_px = STILL_WIDTHS * math.exp(a.size)
    return (
        abs(b.x - a.x) > still_px
        or abs(b.y - a.y) > still_px
        or abs(b.size - a.size) > STILL_SIZE
        or abs(b.yaw_deg - a.yaw_deg) > STILL_DEG
        or abs(b.pitch_deg - a.pitch_deg) > STILL_DEG
    )


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
        self._places = [place for place in self._places if time_s - place.seen_s <= GHOST_FORGET_S]
        near = [place for place in self._places if place.box.iou(box) >= SAME_PLACE_IOU]
        return max(near, key=lambda place: place.box.iou(box), default=None)
