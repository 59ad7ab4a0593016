"""Which detection is whose: tracks and a look's sightings → pairs.

The assignment minimises the sum of −2·log-likelihoods under the motion model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import lap
import numpy as np

from edge.runtime.people.initiation import Sighting
from edge.runtime.people.track import Track

GATE = 16.3
"""Squared Mahalanobis distance beyond which two cannot be one: 99.9 % of χ² with 3 degrees."""

COST_MAX = 23.0
"""A pair that costs more is better explained by a lost face and a new one."""

RESCUE_IOU = 0.4
"""A detection that overlaps a track's expected box by this much is it, leap or no leap."""

DUPLICATE_IOU = 0.4
"""An unassigned detection overlapping an assigned one by more is the same face twice."""

YAW_NOISE_DEG = 15.0
"""Standard deviation of a face's yaw between two frames: landmarks jitter, heads turn."""

YAW_COST_MAX = 6.0
"""However far a head seems to have turned: landmarks of a profile are now and then absurd."""

YAW_DRIFT_DEG = 60.0
"""How much that grows in a second: whoever was hidden may have turned round."""

FORBIDDEN = 1e6

LIKELIEST = 16.0
"""Added to every cost, so that the likeliest pair costs about nothing."""


def rescue(
    tracks: Sequence[Track], sure: Sequence[Sighting], pairs: Sequence[tuple[Track, Sighting]]
) -> list[tuple[Track, Sighting]]:
    """Pairs that the motion model finds unlikely and the eye obvious: boxes that lie together.

    A detector's box now and then leaps in size without the face having moved.
    """
    tracked = {track.number for track, _ in pairs}
    taken = {id(sighting) for _, sighting in pairs}
    found = []
    for track in tracks:
        if track.number in tracked:
            continue
        box = track.motion.box
        free = [(box.iou(s.face.box), s) for s in sure if id(s) not in taken]
        overlap, sighting = max(free, key=lambda pair: pair[0], default=(0.0, None))
        if sighting is not None and overlap >= RESCUE_IOU:
            taken.add(id(sighting))
            found.append((track, sighting))
    return found


def unassigned(sure: Sequence[Sighting], assigned: Sequence[Sighting]) -> list[Sighting]:
    """The detections that nobody took and that are no double of a taken one."""
    taken = {id(sighting) for sighting in assigned}
    rest: list[Sighting] = []
    for sighting in sure:
        box = sighting.face.box
        others = (*assigned, *rest)
        if id(sighting) not in taken and all(
            box.iou(other.face.box) <= DUPLICATE_IOU for other in others
        ):
            rest.append(sighting)
    return rest


def assign(tracks: Sequence[Track], sightings: Sequence[Sighting]) -> list[tuple[Track, Sighting]]:
    """The cheapest assignment of detections to tracks; pairs beyond the gate are not made."""
    if not tracks or not sightings:
        return []
    places = [_place(sighting) for sighting in sightings]
    costs = [_costs(track, sightings, places) for track in tracks]
    likely = [
        (row, column)
        for row, entries in enumerate(costs)
        for column, cost in enumerate(entries)
        if cost < COST_MAX
    ]
    # Where nobody competes the answer is plain, and the general method costs more than all else.
    rows, columns = {row for row, _ in likely}, {column for _, column in likely}
    if min(len(rows), len(columns)) < len(likely):
        _, chosen, _ = lap.lapjv(np.array(costs), extend_cost=True, cost_limit=COST_MAX)
        likely = [(row, column) for row, column in enumerate(chosen.tolist()) if column >= 0]
    return [(tracks[row], sightings[column]) for row, column in likely]


def _place(sighting: Sighting) -> tuple[float, float, float]:
    """Centre and logarithm of the width, as a track expects them."""
    box = sighting.face.box
    x, y = box.centre
    return x, y, math.log(max(box.width, 1.0))


def _costs(
    track: Track, sightings: Sequence[Sighting], places: Sequence[tuple[float, float, float]]
) -> list[float]:
    """−2·log-likelihoods that these faces are the track's, by place, size and where they look.

    By place and size: the squared Mahalanobis distance, of three degrees of freedom, and what the
    expectation's doubt costs. Written out, for in a group everybody is compared with everybody.
    """
    x, y, size, s_x, s_y, s_size, log_determinant = track.motion.expectation
    least = log_determinant + LIKELIEST
    costs = []
    for sighting, (at_x, at_y, wide) in zip(sightings, places, strict=True):
        off_x, off_y, off_size = at_x - x, at_y - y, wide - size
        squared = off_x * off_x / s_x + off_y * off_y / s_y + off_size**2 / s_size
        costs.append(FORBIDDEN if squared > GATE else _cost(track, sighting, squared + least))
    return costs


def _cost(track: Track, sighting: Sighting, cost: float) -> float:
    """The cost by place and size → the cost by where the face looks, too."""
    if sighting.pose is not None and track.pose is not None:
        variance = YAW_NOISE_DEG**2 + YAW_DRIFT_DEG**2 * (sighting.time_s - track.last_s)
        cost += min((sighting.pose.yaw_deg - track.pose.yaw_deg) ** 2 / variance, YAW_COST_MAX)
        cost += math.log(variance / YAW_NOISE_DEG**2)
    return max(cost, 0.0)
