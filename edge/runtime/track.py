"""Faces over time → tracks: who in this frame is whom of the last one.

Two stages, as in ByteTrack (Zhang et al. 2022): sure detections are assigned to tracks first;
what remains of the tracks may be kept alive by detections of low score, which never start one.
The assignment minimises the sum of −2·log-likelihoods under the motion model. There is no face
embedding: whoever leaves and comes back is somebody new, by design.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import lap
import numpy as np

from edge.runtime.birth import Nursery, Sighting, Triple
from edge.runtime.frame import Box, Face
from edge.runtime.motion import Motion
from edge.runtime.pose import Pose, pose_of

GATE = 16.3
"""Squared Mahalanobis distance beyond which two cannot be one: 99.9 % of χ² with 3 degrees."""

COST_MAX = 23.0
"""A pair that costs more is better explained by a lost face and a new one."""

LOW_SCORE_AGE_S = 0.5
"""A track not seen for longer than this is not revived by a detection of low score."""

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


class Track:
    """One face followed: tentative until confirmed, then until it is lost for too long."""

    __slots__ = ("confirmed", "face", "first_s", "hits", "last_s", "motion", "number", "pose")

    def __init__(self, number: int, born: Triple) -> None:
        self.number = number
        self.first_s = born.first.time_s
        self.motion = Motion(born.first.face.box, self.first_s)
        self.hits = 1
        self.confirmed = False
        self.face: Face
        self.pose: Pose | None
        self.last_s: float
        for sighting in (born.middle, born.last):
            self.motion.predict(sighting.time_s)
            self.see(sighting)

    def see(self, sighting: Sighting) -> None:
        """Take a detection, at the time last predicted to, as this face's."""
        self.motion.update(sighting.face.box)
        self.face = sighting.face
        self.pose = sighting.pose
        self.last_s = sighting.time_s
        self.hits += 1


@dataclass(frozen=True, slots=True)
class Rules:
    """When a track begins and ends. Times in seconds."""

    score_min: float
    confirm_s: float
    confirm_hits: int
    patience_s: float
    tentative_s: float = 0.5


class Tracker:
    """Keeps the tracks. Nothing is kept of a track that ended."""

    def __init__(self, rules: Rules, bounds: tuple[int, int] | None = None) -> None:
        """`bounds` are the frame's width and height, pixels; they may be set later."""
        self.bounds = bounds
        self.tracks: list[Track] = []
        self.looked_s = -math.inf
        """When `update` was last called: a track seen earlier than that is lost for now."""
        self._rules = rules
        self._count = 0
        self._nursery = Nursery()

    @property
    def waiting(self) -> int:
        """Detections kept of the last few frames in case they are the beginning of somebody."""
        return len(self._nursery)

    @property
    def unborn(self) -> list[Box]:
        """Where those detections were."""
        return self._nursery.boxes

    def update(self, faces: Sequence[Face], time_s: float) -> list[Track]:
        """Assign one frame's detections; returns the tracks seen in it."""
        self.coast(time_s)
        self.looked_s = time_s
        sure, unsure = self._sorted(faces, time_s)
        pairs = _assign(self.tracks, sure)
        taken = {track.number for track, _ in pairs}
        fresh = [
            track
            for track in self.tracks
            if track.number not in taken and time_s - track.last_s <= LOW_SCORE_AGE_S
        ]
        pairs += _assign(fresh, unsure)
        pairs += _rescue(self.tracks, sure, pairs)
        for track, sighting in pairs:
            track.see(sighting)
        rest = _unassigned(sure, [sighting for _, sighting in pairs])
        seen = [track for track, _ in pairs] + self._begin(rest, time_s)
        for track in seen:
            self._confirm(track)
        return seen

    def _sorted(
        self, faces: Sequence[Face], time_s: float
    ) -> tuple[list[Sighting], list[Sighting]]:
        """Detections with their poses: the sure ones and the others."""
        both: tuple[list[Sighting], list[Sighting]] = ([], [])
        for face in faces:
            pose = pose_of(face.keypoints) if face.keypoints else None
            both[face.score < self._rules.score_min].append(Sighting(face, pose, time_s))
        return both

    def coast(self, time_s: float) -> None:
        """Move on without looking."""
        for track in self.tracks:
            track.motion.predict(time_s)

    def expire(self, time_s: float) -> list[Track]:
        """Drop the tracks lost for too long; returns them."""
        lost = [track for track in self.tracks if self._lost(track, time_s)]
        if lost:
            self.tracks = [track for track in self.tracks if track not in lost]
        return lost

    def clear(self) -> list[Track]:
        """Drop all tracks; returns them."""
        tracks, self.tracks = self.tracks, []
        self._nursery.clear()
        return tracks

    def _lost(self, track: Track, time_s: float) -> bool:
        rules = self._rules
        lost_s = time_s - track.last_s
        if lost_s > 0 and self.bounds and track.motion.has_left(*self.bounds):
            return True  # who comes in at the same edge is somebody else
        return lost_s > (rules.patience_s if track.confirmed else rules.tentative_s)

    def _confirm(self, track: Track) -> None:
        rules = self._rules
        if track.hits >= rules.confirm_hits and track.last_s - track.first_s >= rules.confirm_s:
            track.confirmed = True

    def _begin(self, rest: Sequence[Sighting], time_s: float) -> list[Track]:
        """New tracks, where three detections make one."""
        born = []
        for triple in self._nursery.add(rest, time_s):
            self._count += 1
            born.append(Track(self._count, triple))
        self.tracks += born
        return born


def _rescue(
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


def _unassigned(sure: Sequence[Sighting], assigned: Sequence[Sighting]) -> list[Sighting]:
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


def _assign(tracks: Sequence[Track], sightings: Sequence[Sighting]) -> list[tuple[Track, Sighting]]:
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
    """−2·log-likelihoods that these faces are the track's, by place, size and where they look."""
    expected = track.motion.expectation
    least = expected.log_determinant + LIKELIEST
    costs = []
    for sighting, place in zip(sightings, places, strict=True):
        squared = expected.surprise(*place)
        costs.append(FORBIDDEN if squared > GATE else _cost(track, sighting, squared + least))
    return costs


def _cost(track: Track, sighting: Sighting, cost: float) -> float:
    """The cost by place and size → the cost by where the face looks, too."""
    if sighting.pose is not None and track.pose is not None:
        variance = YAW_NOISE_DEG**2 + YAW_DRIFT_DEG**2 * (sighting.time_s - track.last_s)
        cost += min((sighting.pose.yaw_deg - track.pose.yaw_deg) ** 2 / variance, YAW_COST_MAX)
        cost += math.log(variance / YAW_NOISE_DEG**2)
    return max(cost, 0.0)
