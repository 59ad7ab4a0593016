"""The usual baseline: greedy overlap with the last box, no motion (Bochinski et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from edge.runtime.frame import Face
from edge.runtime.people.tracker import Rules

IOU_MIN = 0.3


class PlainTrack:
    """A face and where it was last."""

    def __init__(self, number: int, face: Face, time_s: float) -> None:
        self.number = number
        self.face = face
        self.first_s = self.last_s = time_s
        self.hits = 1
        self.confirmed = False


class PlainTracker:
    """Same rules of birth, confirmation and patience as the product's tracker."""

    def __init__(self, rules: Rules) -> None:
        self.tracks: list[PlainTrack] = []
        self._rules = rules
        self._count = 0

    def update(self, faces: Sequence[Face], time_s: float) -> list[PlainTrack]:
        """Assign by overlap, best first."""
        sure = [face for face in faces if face.score >= self._rules.score_min]
        pairs = sorted(
            ((t.face.box.iou(f.box), t, f) for t in self.tracks for f in sure),
            key=lambda pair: -pair[0],
        )
        tracks: set[int] = set()
        taken: set[int] = set()
        seen = []
        for iou, track, face in pairs:
            if iou < IOU_MIN or track.number in tracks or id(face) in taken:
                continue
            tracks.add(track.number)
            taken.add(id(face))
            track.face, track.last_s = face, time_s
            track.hits += 1
            rules = self._rules
            if track.hits >= rules.confirm_hits and time_s - track.first_s >= rules.confirm_s:
                track.confirmed = True
            seen.append(track)
        for face in sure:
            if id(face) not in taken:
                self._count += 1
                self.tracks.append(PlainTrack(self._count, face, time_s))
                seen.append(self.tracks[-1])
        return seen

    def expire(self, time_s: float) -> list[PlainTrack]:
        """Drop what was lost for longer than the patience."""
        rules = self._rules
        lost = [
            track
            for track in self.tracks
            if time_s - track.last_s > (rules.patience_s if track.confirmed else rules.tentative_s)
        ]
        self.tracks = [track for track in self.tracks if track not in lost]
        return lost
