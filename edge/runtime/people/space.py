"""Where people are: polygon zones, counting lines with direction, masks.

Coordinates are fractions of the frame, x to the right and y down, so that they survive a change
of resolution. A person's place is the middle of the face.

A line from `start` to `end` has two sides. "in" is crossing it to the left of somebody who walks
on the picture from start to end::

        out ←  start          a crossing counts when the person is `hysteresis` beyond the line,
                 │            having been `hysteresis` before it on the other side, within the
                 │  → in      line's length, and moved at `angle_min_deg` or more to it
                end
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from edge.config import people as config_people
from edge.config.places import Line
from edge.runtime.frame import Face, Point

Polygon = Sequence[tuple[float, float]]


def inside(place: Point, polygon: Polygon) -> bool:
    """Whether a point lies in a polygon: even number of edges to its right = outside."""
    hit = False
    x, y = place
    previous_x, previous_y = polygon[-1]
    for corner_x, corner_y in polygon:
        if (corner_y > y) != (previous_y > y):
            share = (y - corner_y) / (previous_y - corner_y)
            if x < corner_x + share * (previous_x - corner_x):
                hit = not hit
        previous_x, previous_y = corner_x, corner_y
    return hit


class Space:
    """The configured places, compiled."""

    def __init__(self, settings: config_people.Space) -> None:
        zones = settings.zones
        self._include = [zone.polygon for zone in zones if zone.use == "include"]
        self._exclude = [zone.polygon for zone in zones if zone.use == "exclude"]
        self.zones = {
            f"zone_{zone.name}_people": zone.polygon for zone in zones if zone.use == "count"
        }
        self.lines = {f"line_{line.name}": line for line in settings.lines}

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that a window's places have, counted or not."""
        ways = [f"{name}_{way}" for name in self.lines for way in ("in", "out")]
        return (*self.zones, *ways)

    def visible(self, faces: Sequence[Face], width: int, height: int) -> list[Face]:
        """The faces that the masks leave."""
        if not (self._include or self._exclude):
            return list(faces)
        return [face for face in faces if self._allowed(scaled(face.box.centre, width, height))]

    def _allowed(self, place: Point) -> bool:
        if any(inside(place, polygon) for polygon in self._exclude):
            return False
        return not self._include or any(inside(place, polygon) for polygon in self._include)


def scaled(place: Point, width: int, height: int) -> Point:
    """Pixels → fractions of the frame."""
    return Point(place.x / width, place.y / height)


class _Side(NamedTuple):
    """The last place that was surely on one side of a line."""

    sign: int
    place: Point


class Path:
    """One person's way through the space."""

    __slots__ = ("_sides", "_space", "_zones", "crossings", "leads_anywhere")

    def __init__(self, space: Space) -> None:
        self._space = space
        self.leads_anywhere = bool(space.zones or space.lines)
        """Whether there is any place to count somebody in; without one no step need be taken."""
        self._zones: set[str] = set()
        self._sides: dict[str, _Side] = {}
        self.crossings: list[str] = []

    def step(self, place: Point) -> None:
        """The person is here now, in fractions of the frame."""
        for key, polygon in self._space.zones.items():
            if key not in self._zones and inside(place, polygon):
                self._zones.add(key)
        for name, line in self._space.lines.items():
            self._step_line(name, line, place)

    @property
    def places(self) -> tuple[str, ...]:
        """The keys to count the person in."""
        return (*sorted(self._zones), *self.crossings)

    def _step_line(self, name: str, line: Line, place: Point) -> None:
        distance = _distance(line, place)
        if abs(distance) < line.hysteresis:
            return
        sign = 1 if distance > 0 else -1
        before = self._sides.get(name)
        self._sides[name] = _Side(sign, place)
        if before and before.sign != sign and _crosses(line, before.place, place):
            self.crossings.append(f"{name}_{'in' if sign > 0 else 'out'}")


def _distance(line: Line, place: Point) -> float:
    """Signed distance from the endless line; positive on the "in" side."""
    across_x, across_y = line.end[0] - line.start[0], line.end[1] - line.start[1]
    cross = across_y * (place.x - line.start[0]) - across_x * (place.y - line.start[1])
    return cross / math.hypot(across_x, across_y)


def _crosses(line: Line, before: Point, after: Point) -> bool:
    """Whether the way from `before` to `after` cuts the line itself, steeply enough."""
    here, there = _distance(line, before), _distance(line, after)
    share = here / (here - there)
    x = before.x + share * (after.x - before.x)
    y = before.y + share * (after.y - before.y)
    across_x, across_y = line.end[0] - line.start[0], line.end[1] - line.start[1]
    length = math.hypot(across_x, across_y)
    along = ((x - line.start[0]) * across_x + (y - line.start[1]) * across_y) / length**2
    moved = math.hypot(after.x - before.x, after.y - before.y)
    steep = abs(there - here) / moved >= math.sin(math.radians(line.angle_min_deg))
    return 0 <= along <= 1 and steep
