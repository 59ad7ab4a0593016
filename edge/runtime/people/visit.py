"""One person's stay, from the track's confirmation to its end: dwell, attention, evidence."""

from __future__ import annotations

from edge.config.people import Tracking
from edge.runtime.frame import Distance, Face, Frame, Visit
from edge.runtime.people.evidence import Evidence, Limits
from edge.runtime.people.ghost import Stillness
from edge.runtime.people.pose import Pose
from edge.runtime.people.space import Path, Space, scaled

STEP_MAX_S = 0.5
"""Attention between two sightings further apart than this is nobody's knowledge."""

NEAR = 0.10
FAR = 0.04
"""Widest face over the frame's width: at least NEAR is near, below FAR is far. With a lens of 62°
(a Raspberry Pi camera module 3 has 66°) the borders are at about 1.3 m and 3.3 m."""


class Stay:
    """What is known of one track's person. Its size does not grow with time."""

    __slots__ = (
        "_attention_s",
        "_face_share",
        "_facing_s",
        "_path",
        "_settings",
        "_stillness",
        "credit_s",
        "done",
        "evidence",
        "first_s",
        "ghost",
        "last_s",
        "pose",
    )

    def __init__(self, settings: Tracking, limits: Limits, space: Space, first_s: float) -> None:
        """`limits` are the evidence's; `first_s` the track's first sighting."""
        self._settings = settings
        self._path = Path(space)
        self._attention_s = 0.0
        # A track begins with its third sighting: the two before it are taken to be like it.
        self._facing_s: float | None = first_s
        self._face_share = 0.0
        self.evidence = Evidence(limits)
        self.first_s = self.last_s = first_s
        self.pose: Pose | None = None
        self._stillness: Stillness | None = None
        self.credit_s = 0.0
        self.ghost = False
        self.done = False

    def see(self, face: Face, pose: Pose | None, frame: Frame) -> None:
        """Take one sighting: attention, way, stillness."""
        now_s = frame.captured_s
        self.pose = pose
        if self.facing:
            if self._facing_s is not None and now_s - self._facing_s <= STEP_MAX_S:
                self._attention_s += now_s - self._facing_s
            self._facing_s = now_s
        else:
            self._facing_s = None
        if self._path.leads_anywhere:
            self._path.step(scaled(face.box.centre, frame.full_width, frame.full_height))
        self._face_share = max(self._face_share, face.box.width / frame.full_width)
        if self._stillness is None:
            self._stillness = Stillness(face.box, self.pose, now_s)
        else:
            self._stillness.see(face.box, self.pose, now_s)
        self.last_s = now_s

    @property
    def still_s(self) -> float:
        """How long the face has not moved, earlier faces at the place included."""
        if self._stillness is None:
            return 0.0
        own_s = self.last_s - self._stillness.since_s
        return own_s if self._stillness.moved else own_s + self.credit_s

    @property
    def never_moved(self) -> bool:
        """Whether the face is still where it was first seen."""
        return self._stillness is not None and not self._stillness.moved

    @property
    def facing(self) -> bool:
        """Whether the person faced the camera when last seen; without landmarks, no."""
        pose, limits = self.pose, self._settings
        return (
            pose is not None
            and abs(pose.yaw_deg) <= limits.facing_yaw_deg
            and abs(pose.pitch_deg) <= limits.facing_pitch_deg
        )

    @property
    def distance(self) -> Distance:
        """How close the person came."""
        if self._face_share >= NEAR:
            return "near"
        return "far" if self._face_share < FAR else "middle"

    def visit(self, limits: Limits, score_mean: float) -> Visit:
        """The stay as a value, with what the cards' thresholds let be said.

        `score_mean` is how sure the detector was of the face on average.
        """
        fused = self.evidence.fused()
        return Visit(
            first_seen_s=self.first_s,
            last_seen_s=self.last_s,
            attention_s=self._attention_s,
            age_years=fused.told_age_years(limits),
            female=fused.told_female(limits),
            age_spread_years=fused.age_spread_years,
            gender_confidence=fused.sureness,
            distance=self.distance,
            places=self._path.places,
            is_face=self.evidence.is_face(score_mean),
        )
