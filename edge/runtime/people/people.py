"""Faces → visits: the tracker, the evidence and the space, wired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edge.config.people import Tracking
from edge.runtime.frame import EVERYWHERE, Box, Estimate, Face, Frame, Region, Span, Visit
from edge.runtime.people.evidence import Limits, quality_of
from edge.runtime.people.ghost import Ghosts
from edge.runtime.people.region_of_interest import reach_of, targets_of, urgency_of
from edge.runtime.people.sharpness import sharpness_of
from edge.runtime.people.space import Space
from edge.runtime.people.track import Track
from edge.runtime.people.tracker import Tracker, rules_of
from edge.runtime.people.visit import Stay
from edge.runtime.schedule.priority import Target
from edge.runtime.schedule.urgency import Urgency

PRESENT_S = 0.7
"""Who was seen this recently is in view, though missed on the last frame or two."""

Estimating = Callable[[Frame, Sequence[Face], Sequence[bool]], list[Estimate]]
"""A frame, faces, and which of them may be none → an estimate each."""


class People:
    """Follows everyone in view and tells who has left.

    `score_min` is the detector card's: a face below it keeps a person alive but starts none.
    `estimate` is called at most once a frame, with at most `estimates_per_frame` faces.
    """

    def __init__(
        self,
        settings: Tracking,
        space: Space,
        limits: Limits,
        estimate: Estimating,
        *,
        score_min: float,
    ) -> None:
        self._settings = settings
        self._space = space
        self._limits = limits
        self._estimate = estimate
        self._tracker = Tracker(rules_of(settings, score_min, limits.score_low))
        self._stays: dict[int, Stay] = {}
        self._ghosts = Ghosts()
        self._now_s = 0.0

    @property
    def present(self) -> int:
        """People in view now, those missed for a moment included."""
        return sum(1 for _ in self._visible())

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The faces that are followed now, for whoever draws or explains; never stored."""
        return tuple(self._tracker.tracks)

    @property
    def attending(self) -> int:
        """Those of them who faced the camera when last seen."""
        return sum(stay.facing for stay in self._visible())

    @property
    def held(self) -> int:
        """Everything that is kept of anybody now; 0 when nobody is in view."""
        return len(self._stays) + len(self._tracker.tracks) + self._tracker.waiting

    @property
    def urgency(self) -> Urgency:
        """How closely those in view must be watched from here on."""
        return urgency_of(self._tracker, self._is_ghost)

    @property
    def boxes(self) -> list[Box]:
        """Where the faces of those who are followed are expected, pictures of faces left out."""
        return [track.motion.box for track in self._tracker.tracks if not self._is_ghost(track)]

    @property
    def reach(self) -> Span | None:
        """The columns in which they, and those perhaps met, are to be looked for."""
        return reach_of(self._tracker)

    @property
    def targets(self) -> list[Target]:
        """Each of those who are followed, or perhaps met, with the looks that are owed to them."""
        return targets_of(self._tracker, self._is_ghost)

    def observe(
        self, frame: Frame, faces: Sequence[Face], region: Region = EVERYWHERE
    ) -> list[Visit]:
        """Take the detections of a look at `region`; returns the visits that ended."""
        now_s = frame.captured_s
        visible = self._space.visible(faces, frame.full_width, frame.full_height)
        self._tracker.bounds = frame.full_width, frame.full_height
        for track in (seen := self._tracker.update(visible, now_s, region)):
            self._stay_of(track).see(track.face, track.pose, frame)
        capped = [visit for track in seen for visit in self._judge(track, now_s)]
        self._look_closer(frame, seen)
        return capped + self.expire(now_s)

    def coast(self, frame: Frame) -> list[Visit]:
        """A frame on which nobody looked for faces; returns the visits that ended."""
        self._tracker.coast(frame.captured_s)
        return self.expire(frame.captured_s)

    def expire(self, now_s: float) -> list[Visit]:
        """End what has not been seen for too long, also while no frames come."""
        self._now_s = now_s
        return self._end(self._tracker.expire(now_s))

    def close(self) -> list[Visit]:
        """End everything, as when the source does; returns the visits."""
        return self._end(self._tracker.clear())

    def _is_ghost(self, track: Track) -> bool:
        return self._stays[track.number].ghost

    def _visible(self) -> Iterator[Stay]:
        for track in self._tracker.tracks:
            stay = self._stays[track.number]
            if track.confirmed and not stay.ghost and self._now_s - track.last_s <= PRESENT_S:
                yield stay

    def _stay_of(self, track: Track) -> Stay:
        stay = self._stays.get(track.number)
        if stay is None:
            stay = Stay(self._settings, self._limits, self._space, track.first_s)
            stay.credit_s = self._ghosts.still_s(track.face.box, track.last_s)
            self._stays[track.number] = stay
        return stay

    def _judge(self, track: Track, now_s: float) -> list[Visit]:
        """Flag ghosts; close a visit that is longer than the cap, once."""
        stay = self._stays[track.number]
        stay.ghost = stay.still_s >= self._settings.ghost_after_s
        too_long = now_s - stay.first_s >= self._settings.visit_max_s
        if not too_long or not track.confirmed or stay.done or stay.ghost:
            return []
        stay.done = True
        return [stay.visit(self._limits, track.score_mean)]

    def _look_closer(self, frame: Frame, seen: Sequence[Track]) -> None:
        """Estimate the faces that are worth it most, within the frame's budget."""
        wishes = []
        for track in seen:
            stay = self._stays[track.number]
            if not track.confirmed or stay.ghost or stay.done:
                continue
            quality = quality_of(track.face, stay.pose)
            if stay.evidence.wish(quality, frame.captured_s) <= 0:
                continue  # not even a perfectly sharp crop is wanted: spare the measuring
            quality *= sharpness_of(frame, track.face.box)
            wish = stay.evidence.wish(quality, frame.captured_s)
            if wish > 0:
                wishes.append((wish, quality, track.face, stay))
        wishes.sort(key=lambda entry: entry[0], reverse=True)
        chosen = wishes[: self._settings.estimates_per_frame]
        if not chosen:
            return
        doubtful = [not stay.evidence.certainly_face for *_, stay in chosen]
        estimates = self._estimate(frame, [face for _, _, face, _ in chosen], doubtful)
        for (_, quality, _, stay), estimate in zip(chosen, estimates, strict=True):
            stay.evidence.add(estimate, quality, frame.captured_s)

    def _end(self, ended: Sequence[Track]) -> list[Visit]:
        """Forget tracks that ended; returns the visits of those that were people."""
        visits = []
        for track in ended:
            stay = self._stays.pop(track.number)
            if stay.never_moved or stay.ghost:
                self._ghosts.remember(track.face.box, stay.still_s, stay.last_s)
            if track.confirmed and not (stay.ghost or stay.done):
                visits.append(stay.visit(self._limits, track.score_mean))
        return visits
