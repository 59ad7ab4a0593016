"""The product's tracker, shown only the frames on which the product would look for faces.

And of them only what lies in the columns that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from edge.config.people import Motion
from edge.runtime.frame import Box, Face, Span
from edge.runtime.meter import Meter
from edge.runtime.people.region_of_interest import reach_of, urgency_of
from edge.runtime.people.track import Track
from edge.runtime.people.tracker import Rules, Tracker
from edge.runtime.schedule.schedule import Schedule
from edge.runtime.schedule.urgency import Urgency
from tests.people.scenes import HEIGHT, WIDTH, Shot
from tests.shared import Image, seen_in

SMALL = 640, 360
FPS_MAX = 120.0
WALL = 120
NOISE = 2.0


class GatedTracker:
    """A tracker behind a schedule; both see the shots in their order."""

    def __init__(self, rules: Rules, seen: Sequence[Shot], motion: Motion | None = None) -> None:
        self.looks = 0
        self._tracker = Tracker(rules, (WIDTH, HEIGHT))
        self._schedule = Schedule(motion or Motion(), Meter())
        self._shots = iter(seen)
        rng = np.random.default_rng(0)
        size = (8, SMALL[1], SMALL[0], 3)
        self._walls = rng.normal(WALL, NOISE, size).clip(0, 255).astype(np.uint8)

    @property
    def urgency(self) -> Urgency:
        return urgency_of(self._tracker, lambda _: False)

    @property
    def boxes(self) -> list[Box]:
        return [track.motion.box for track in self._tracker.tracks]

    @property
    def reach(self) -> Span | None:
        return reach_of(self._tracker)

    def update(self, faces: Sequence[Face], time_s: float) -> Sequence[Track]:
        shot = next(self._shots)
        frame = replace(shot.frame, small=self._painted(shot))
        region = self._schedule.due(frame, self, FPS_MAX)
        if region is not None:
            self.looks += 1
            return self._tracker.update(seen_in(region, faces, frame), time_s, region)
        self._tracker.coast(time_s)
        return []

    def expire(self, time_s: float) -> Sequence[Track]:
        return self._tracker.expire(time_s)

    def _painted(self, shot: Shot) -> Image:
        """Everybody who is there, a head and a body each, in a grey of their own."""
        picture = self._walls[shot.frame.sequence % len(self._walls)].copy()
        scale = SMALL[0] / WIDTH
        for number, box in sorted(shot.truth.items(), key=lambda item: item[1].width):
            x, y = (round(side * scale) for side in box.centre)
            half = max(round(box.width * scale / 2), 1)
            grey = (30 + 37 * number % 60,) * 3
            cv2.rectangle(picture, (x - 2 * half, y + 2 * half), (x + 2 * half, 2000), grey, -1)
            cv2.circle(picture, (x, y), half, (150, 170, 200), -1)
        return picture
