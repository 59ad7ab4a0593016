"""One face followed over time: where it is expected, how sure it is that it is one."""

from __future__ import annotations

from edge.runtime.frame import Face, Point
from edge.runtime.people.initiation import Sighting, Triple
from edge.runtime.people.motion import Motion
from edge.runtime.people.pose import Pose

HIT_S = 0.18
"""Sightings nearer in time than this are one piece of evidence: what looks like a face in one frame
does so in the next, however often it is looked at."""


class Track:
    """One face followed: tentative until confirmed, then until it is lost for too long."""

    __slots__ = (
        "_hit_s",
        "_score_sum",
        "confirmed",
        "face",
        "first_s",
        "growth",
        "heading",
        "hits",
        "last_s",
        "looked_s",
        "looks",
        "missed",
        "motion",
        "number",
        "pose",
        "seen",
        "told",
    )

    def __init__(self, number: int, born: Triple, floor_px: float) -> None:
        self.number = number
        self.first_s = self._hit_s = born.first.time_s
        self.hits, self.seen, self._score_sum = 1, 0, 0.0
        """Pieces of evidence; sightings; the sum of their scores."""
        self.confirmed = self.missed = False
        self.told: bool
        """Whether the last sighting, or the three of the beginning, were a piece of evidence."""
        self.looks = 3
        """Looks that should have shown it."""
        self.looked_s = self.first_s
        """When a look last showed where this face is expected."""
        self.motion: Motion
        self.heading: Point
        """Where it went when it was last seen, pixels a second."""
        self.growth: float
        """How fast the logarithm of its width grew then, per second."""
        self.face: Face
        self.pose: Pose | None
        self.last_s: float
        self.begin(born, floor_px)

    def begin(self, born: Triple, floor_px: float) -> None:
        """Follow the face of three sightings, from the first of them on."""
        self.motion = Motion(born.first.face.box, born.first.time_s, floor_px)
        for sighting in (born.first, born.middle, born.last):
            self.motion.predict(sighting.time_s)
            self.see(sighting)
        self.told = True

    def see(self, sighting: Sighting) -> None:
        """Take a detection, at the time last predicted to, as this face's."""
        self.motion.update(sighting.face.box)
        self.heading, self.growth = self.motion.velocity, self.motion.growth
        self.face = sighting.face
        self.pose = sighting.pose
        self.last_s = self.looked_s = sighting.time_s
        self.missed = False
        self.seen += 1
        self._score_sum += sighting.face.score
        self.told = sighting.time_s - self._hit_s >= HIT_S
        if self.told:
            self._hit_s = sighting.time_s
            self.hits += 1

    def sureness(self, score_missed: float) -> float:
        """How sure the detector was on average of all looks; a miss counts as `score_missed`."""
        missed = max(self.looks - self.seen, 0)
        return (self._score_sum + missed * score_missed) / (self.seen + missed)

    @property
    def score_mean(self) -> float:
        """How sure the detector was of this face, on average."""
        return self._score_sum / self.seen
