"""Faces over time → tracks: who in this frame is whom of the last one.

Two stages, as in ByteTrack (Zhang et al. 2022): sure detections are assigned to tracks first;
what remains of the tracks may be kept alive by detections of low score, which never start one.
The assignment minimises the sum of −2·log-likelihoods under the motion model. There is no face
embedding: whoever leaves and comes back is somebody new, by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import lap
import numpy as np

from edge.runtime.frame import Face
from edge.runtime.motion import Motion

GATE = 16.3
"""Squared Mahalanobis distance beyond which two cannot be one: 99.9 % of χ² with 3 degrees."""

COST_MAX = 18.0
"""A pair that costs more is better explained by a lost face and a new one."""

LOW_SCORE_AGE_S = 0.7
"""A track not seen for longer than this is not revived by a detection of low score."""

DUPLICATE_IOU = 0.4
"""An unassigned detection overlapping an assigned one by more is the same face twice."""

FORBIDDEN = 1e6


class Track:
    """One face followed: tentative until confirmed, then until it is lost for too long."""

    __slots__ = ("confirmed", "face", "first_s", "hits", "last_s", "motion", "number")

    def __init__(self, number: int, face: Face, time_s: float) -> None:
        self.number = number
        self.face = face
        self.motion = Motion(face.box, time_s)
        self.first_s = self.last_s = time_s
        self.hits = 1
        self.confirmed = False

    def see(self, face: Face, time_s: float) -> None:
        """Take a detection as this face's."""
        self.motion.update(face.box)
        self.face = face
        self.last_s = time_s
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

    def __init__(self, rules: Rules) -> None:
        self.tracks: list[Track] = []
        self._rules = rules
        self._count = 0

    def update(self, faces: Sequence[Face], time_s: float) -> list[Track]:
        """Assign one frame's detections; returns the tracks seen in it."""
        for track in self.tracks:
            track.motion.predict(time_s)
        sure = [face for face in faces if face.score >= self._rules.score_min]
        unsure = [face for face in faces if face.score < self._rules.score_min]
        pairs = list(_assign(self.tracks, sure))
        taken = {id(track) for track, _ in pairs}
        fresh = [
            track
            for track in self.tracks
            if id(track) not in taken and time_s - track.last_s <= LOW_SCORE_AGE_S
        ]
        pairs += _assign(fresh, unsure)
        for track, face in pairs:
            track.see(face, time_s)
            self._confirm(track)
        seen = [track for track, _ in pairs]
        return seen + self._start(sure, [face for _, face in pairs], time_s)

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
        return tracks

    def _lost(self, track: Track, time_s: float) -> bool:
        rules = self._rules
        patience_s = rules.patience_s if track.confirmed else rules.tentative_s
        return time_s - track.last_s > patience_s

    def _confirm(self, track: Track) -> None:
        rules = self._rules
        if track.hits >= rules.confirm_hits and track.last_s - track.first_s >= rules.confirm_s:
            track.confirmed = True

    def _start(self, sure: list[Face], assigned: list[Face], time_s: float) -> list[Track]:
        """New tracks for the sure detections that nobody took and that are nobody's double."""
        born = []
        for face in sure:
            if any(face.box.iou(other.box) > DUPLICATE_IOU for other in assigned):
                continue
            self._count += 1
            born.append(Track(self._count, face, time_s))
            assigned.append(face)
        self.tracks += born
        return born


def _assign(tracks: Sequence[Track], faces: Sequence[Face]) -> Iterator[tuple[Track, Face]]:
    """The cheapest assignment of faces to tracks; pairs beyond the gate are not made."""
    if not tracks or not faces:
        return
    costs = np.array([[_cost(track, face) for face in faces] for track in tracks])
    _, chosen, _ = lap.lapjv(costs, extend_cost=True, cost_limit=COST_MAX)
    for track, column in zip(tracks, chosen, strict=True):
        if column >= 0:
            yield track, faces[column]


def _cost(track: Track, face: Face) -> float:
    squared, log_determinant = track.motion.surprise(face.box)
    return FORBIDDEN if squared > GATE else max(squared + log_determinant + 12, 0.0)
