"""Faces over time → tracks: when one begins, is somebody, is lost and ends.

Two stages, as in ByteTrack (Zhang et al. 2022): sure detections are assigned to tracks first;
what remains of the tracks may be kept alive by detections of low score, which never start one.
There is no face embedding: whoever leaves and comes back is somebody new, by design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.config.people import Tracking
from edge.runtime.frame import EVERYWHERE, REFERENCE_PX, Box, Face, Region
from edge.runtime.people.association import assign, rescue, unassigned
from edge.runtime.people.initiation import Sighting, TrackInitiator
from edge.runtime.people.motion import FLOOR_PX
from edge.runtime.people.pose import pose_of
from edge.runtime.people.resumption import resumed
from edge.runtime.people.track import Track
from edge.runtime.schedule.priority import shown

LOW_SCORE_AGE_S = 0.5
"""A track not seen for longer than this is not revived by a detection of low score."""

MISSED = 0.5
"""A face that a look should have shown at least so surely was missed by it."""

EDGE_WIDTHS = 0.5
"""A face lost nearer to the picture's edge than this may have left."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a track begins and ends. Times in seconds."""

    score_min: float
    confirm_s: float
    confirm_hits: int
    patience_s: float
    score_mean_min: float = 0.0
    score_low: float = 0.0
    resume_s: float = 0.0
    face_min_px: float = 0.0
    tentative_s: float = 0.5


def rules_of(settings: Tracking, score_min: float, score_low: float) -> Rules:
    """The rules that the configuration and a detector's thresholds make."""
    return Rules(
        score_min=score_min,
        confirm_s=settings.confirm_s,
        confirm_hits=settings.confirm_hits,
        patience_s=settings.patience_s,
        score_mean_min=score_min,
        score_low=score_low,
        resume_s=settings.resume_s,
        face_min_px=settings.face_min_px,
    )


class Tracker:
    """Keeps the tracks. Nothing is kept of a track that ended."""

    def __init__(self, rules: Rules, bounds: tuple[int, int] | None = None) -> None:
        """`bounds` are the frame's width and height, pixels; they may be set later."""
        self.bounds = bounds
        self.tracks: list[Track] = []
        self._rules = rules
        self._count = 0
        self._initiator = TrackInitiator()

    @property
    def waiting(self) -> int:
        """Detections kept of the last few frames in case they are the beginning of somebody."""
        return len(self._initiator)

    @property
    def sightings(self) -> list[tuple[Box, float]]:
        """Where those detections were, and when."""
        return self._initiator.sightings

    @property
    def _scale(self) -> float:
        """Frame pixels per pixel of a picture REFERENCE_PX wide; 0 while its size is unknown."""
        return self.bounds[0] / REFERENCE_PX if self.bounds else 0.0

    def update(
        self, faces: Sequence[Face], time_s: float, region: Region = EVERYWHERE
    ) -> list[Track]:
        """Assign the detections of a look at `region`; returns the tracks seen in it."""
        self.coast(time_s)
        self._look(region, time_s)
        sure, unsure = self._sorted(faces, time_s)
        alive = [t for t in self.tracks if time_s - t.last_s <= self._rules.patience_s]
        pairs = assign(alive, sure)
        taken = {track.number for track, _ in pairs}
        fresh = [
            track
            for track in self.tracks
            if track.number not in taken and time_s - track.last_s <= LOW_SCORE_AGE_S
        ]
        pairs += assign(fresh, unsure)
        pairs += rescue(alive, sure, pairs)
        for track, sighting in pairs:
            track.see(sighting)
        rest = unassigned(sure, [sighting for _, sighting in pairs])
        seen = [track for track, _ in pairs] + self._begin(rest, time_s, region)
        for track in seen:
            self._confirm(track)
        return seen

    def _look(self, region: Region, time_s: float) -> None:
        """Take note of which tracks a look would have shown."""
        width = self.bounds[0] if self.bounds else REFERENCE_PX
        for track in self.tracks:
            surely = shown(track.motion.box, region, width)
            track.looked_s += surely * (time_s - track.looked_s)
            if surely >= MISSED:
                track.missed = True
                track.looks += 1

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
            track.motion.predict(time_s, lost=track.missed)

    def expire(self, time_s: float) -> list[Track]:
        """Drop the tracks lost for too long; returns them."""
        lost = [track for track in self.tracks if self._lost(track, time_s)]
        if lost:
            self.tracks = [track for track in self.tracks if track not in lost]
        return lost

    def clear(self) -> list[Track]:
        """Drop all tracks; returns them."""
        tracks, self.tracks = self.tracks, []
        self._initiator.clear()
        return tracks

    def _lost(self, track: Track, time_s: float) -> bool:
        rules = self._rules
        lost_s = time_s - track.last_s
        if lost_s <= 0:  # as most are in the look that this follows
            return False
        if self.bounds and track.motion.has_left(*self.bounds):
            return True  # who comes in at the same edge is somebody else
        if not track.confirmed:
            return lost_s > rules.tentative_s
        if lost_s <= rules.patience_s:
            return False
        return lost_s > rules.resume_s or not self._inside(track)

    def _inside(self, track: Track) -> bool:
        """Whether a lost face can't have left: it was too far from the picture's edges."""
        if not self.bounds or self._rules.resume_s <= self._rules.patience_s:
            return False
        box, reach = track.face.box, EDGE_WIDTHS * track.face.box.width
        width, height = self.bounds
        across = reach < box.left and box.right < width - reach
        return across and reach < box.top and box.bottom < height - reach

    def _confirm(self, track: Track) -> None:
        """Judge a track as often as it gave evidence, so that more looks give no more chances."""
        rules = self._rules
        track.confirmed |= (
            track.told
            and track.hits >= rules.confirm_hits
            and track.last_s - track.first_s >= rules.confirm_s
            and track.sureness(rules.score_low) >= rules.score_mean_min
            and track.face.box.height >= rules.face_min_px * self._scale
        )

    def _begin(self, rest: Sequence[Sighting], time_s: float, region: Region) -> list[Track]:
        """New tracks, where three detections make one."""
        born = []
        for triple in self._initiator.add(rest, time_s, region):
            if (lost := resumed(self.tracks, triple)) is not None:
                lost.begin(triple, FLOOR_PX * self._scale)
                born.append(lost)
                continue
            self._count += 1
            born.append(Track(self._count, triple, FLOOR_PX * self._scale))
        self.tracks += [track for track in born if track not in self.tracks]
        return born
