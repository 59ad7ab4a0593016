"""A face that was lost and sightings that begin near it → whether they are one person.

Whoever turns the head or is hidden for a moment has meanwhile stood or walked on. Two ways lead to
an answer. One is sure whoever else is near: the sightings are where standing or walking on would
have brought the face, as wide and as fast as it would be, and no other lost face fits as well
(gated nearest neighbour over place, speed and size: Blackman & Popoli, *Modern Tracking Systems*,
1999, 6.4; that the direction of a face tells who comes back is OC-SORT's: Cao et al. 2023). The
other way asks less, and so holds only where nobody else is near.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from edge.runtime.frame import Box, Point
from edge.runtime.people.initiation import Triple
from edge.runtime.people.motion import Motion
from edge.runtime.people.track import Track

COST_MAX = 9.24
"""Squared distance beyond which place, speed and size are not those expected: 90 % of χ² with 5
degrees of freedom."""

CLEARER = 3.0
"""Another lost face that costs no more than this beyond the cheapest leaves it open whose it is."""

PLACE_WIDTHS, PLACE_WIDTHS_S, PLACE_SHARE = 0.25, 0.2, 0.1
"""Standard deviation of a face's place: at once, what a second adds, and what its way does."""

SPEED_WIDTHS_S = 1.5
"""Standard deviation of its speed's change, the error of three sightings' speed included."""

SIZE_NOISE, SIZE_NOISE_S = 0.12, 0.05
"""Standard deviation of the logarithm of its width: at once, and more a second."""

RATIO = 1.5
"""A face that comes back where nobody else is near is of about the size expected."""

CLEAR_WIDTHS = 2.0
"""Another face this near leaves it open whose face it is that comes back."""

CLEAR_S = 1.0
"""Who was seen within so long before is near still."""


class _Course(NamedTuple):
    """Where a lost face would be, how wide, and how fast, in pixels (a second)."""

    centre: Point
    width: float
    velocity: Point


def resumed(tracks: Sequence[Track], born: Triple) -> Track | None:
    """The lost face that three sightings are, if there is no doubt about whose they are."""
    lost = [t for t in tracks if t.confirmed and t.last_s < born.first.time_s]
    if not lost:
        return None
    return _surely(lost, born) or _alone(lost, tracks, born)


def _surely(lost: Sequence[Track], born: Triple) -> Track | None:
    """The only one of which place, speed and size are those expected."""
    velocity = _velocity(born)
    costs = [(_cost(track, born, velocity), track) for track in lost]
    costs.sort(key=lambda entry: entry[0])
    (least, track), *others = costs
    doubtful = others and others[0][0] < least + CLEARER
    return None if least > COST_MAX or doubtful else track


def _velocity(born: Triple) -> Point:
    """As the tracker will think of it: three sightings tell a speed within limits."""
    motion = Motion(born.first.face.box, born.first.time_s)
    for sighting in (born.first, born.middle, born.last):
        motion.predict(sighting.time_s)
        motion.update(sighting.face.box)
    return motion.velocity


def _cost(track: Track, born: Triple, velocity: Point) -> float:
    """How far, squared, sightings are from what standing or walking on would have brought about."""
    box, gap_s = born.first.face.box, born.first.time_s - track.last_s
    size = SIZE_NOISE + SIZE_NOISE_S * gap_s

    def off(course: _Course) -> float:
        way = math.dist(track.face.box.centre, course.centre)
        place = box.width * (PLACE_WIDTHS + PLACE_WIDTHS_S * gap_s) + PLACE_SHARE * way
        off_place = math.dist(box.centre, course.centre) / place
        off_speed = math.dist(velocity, course.velocity) / (box.width * SPEED_WIDTHS_S)
        off_size = math.log(max(box.width, 1.0) / course.width) / size
        return off_place**2 + off_speed**2 + off_size**2

    return min(map(off, _courses(track, gap_s)))


def _courses(track: Track, gap_s: float) -> tuple[_Course, _Course]:
    """Having stood, and having walked on; who walks up to the camera grows and quickens."""
    box, heading = track.face.box, track.heading
    grown = math.exp(min(max(track.growth * gap_s, -1.0), 1.0))
    x, y = box.centre
    there = Point(x + gap_s * heading.x, y + gap_s * heading.y)
    width = max(box.width, 1.0)
    return (
        _Course(box.centre, width, Point(0.0, 0.0)),
        _Course(there, width * grown, Point(heading.x * grown, heading.y * grown)),
    )


def _alone(lost: Sequence[Track], tracks: Sequence[Track], born: Triple) -> Track | None:
    """The only one that may have come here, where no other face is near."""
    near = [track for track in lost if _within_reach(track, born)]
    if len(near) != 1:
        return None
    began = born.first
    others = (t for t in tracks if t is not near[0] and t.last_s >= began.time_s - CLEAR_S)
    reach = CLEAR_WIDTHS * near[0].face.box.width
    crowded = any(
        math.dist(other.face.box.centre, began.face.box.centre) < reach for other in others
    )
    return None if crowded else near[0]


def _within_reach(track: Track, born: Triple) -> bool:
    """Whether a face may have stopped somewhere on its way, or have gone a little from it."""
    box, gap_s = born.first.face.box, born.first.time_s - track.last_s
    stood, walked = _courses(track, gap_s)
    if not any(_alike(box.width, course.width) for course in (stood, walked)):
        return False
    reach = (1 + gap_s) * max(track.face.box.width, box.width)
    return _off_way(box, stood.centre, walked.centre) <= reach


def _alike(one: float, other: float) -> bool:
    return max(one, other) <= RATIO * min(one, other)


def _off_way(box: Box, start: Point, end: Point) -> float:
    """From a box's middle to the nearest point between two places."""
    (x, y), way_x, way_y = box.centre, end.x - start.x, end.y - start.y
    length = way_x**2 + way_y**2
    along = ((x - start.x) * way_x + (y - start.y) * way_y) / length if length else 0.0
    share = min(max(along, 0.0), 1.0)
    return math.hypot(x - start.x - share * way_x, y - start.y - share * way_y)
