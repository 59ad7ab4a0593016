"""A room as a small frame shows it: a lit wall, a camera's noise, and perhaps somebody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from edge.config.people import Motion, Tracking
from edge.config.people import Space as SpaceSettings
from edge.runtime.frame import Box, Estimate, Face, Frame, Visit
from edge.runtime.meter import Meter
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space
from edge.runtime.schedule.schedule import Schedule
from tests.shared import Image, frame_of, seen_in

WIDTH, HEIGHT = 640, 480
FPS = 10.0
FACE_PX = 18.0
"""A far face; the body below is twice as wide."""


@dataclass
class Scene:
    """What a frame shows; everything may be changed from frame to frame."""

    light: float = 1.0
    noise: float = 2.0
    person: tuple[float, float] | None = None
    """The middle of the face, pixels."""
    still: list[tuple[float, float]] = field(default_factory=list)
    """More people, whom nothing in the picture tells from the wall."""
    others: list[tuple[float, float]] = field(default_factory=list)
    """Figures whose faces the detector does not see."""
    shown: float = 1.0
    """How much of the person is there, 0..1: out of the dark, or through fog."""
    contrast: float = 60.0
    tilt: float = 0.0
    """Light from the side, as when the sun comes out: brighter by so much on the left."""
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def picture(self) -> Image:
        """Height × width × 3 BGR, with the noise of this moment."""
        wall = np.full((HEIGHT, WIDTH), 100.0, np.float32)
        wall[::40] -= 20
        for figure_at in [self.person] * (self.person is not None) + self.others:
            x, y = (round(side) for side in figure_at)
            half, change = round(FACE_PX / 2), self.contrast * self.shown
            figure = np.zeros_like(wall)
            cv2.rectangle(figure, (x - 2 * half, y + 2 * half), (x + 2 * half, y + 110), change, -1)
            cv2.circle(figure, (x, y), half, -change, -1)
            wall -= figure
        wall *= self.light * (1 + self.tilt * np.linspace(1, 0, WIDTH, dtype=np.float32))
        grain = self._rng.normal(0, self.noise, (HEIGHT, WIDTH, 3))
        return np.asarray((wall[..., None] + grain).clip(0, 255), np.uint8)

    def frame(self, time_s: float) -> Frame:
        """The picture as a frame."""
        return frame_of(self.picture(), captured_s=time_s)


class Watch:
    """The schedule and the people behind it, with a detector that sees the person if asked."""

    def __init__(self, scene: Scene, **settings: Any) -> None:
        self.scene = scene
        self.people = People(
            Tracking(),
            Space(SpaceSettings()),
            Limits(),
            lambda _, faces, _doubtful: [Estimate(30.0, 0.9) for _ in faces],
            score_min=0.5,
        )
        self.schedule = Schedule(Motion(**settings), Meter())
        self.visits: list[Visit] = []
        self.looks: list[float] = []
        self.widths: list[float] = []
        """How much of the frame each look was asked to cover, pixels."""
        self.now_s = 0.0

    def live(self, duration_s: float, change: Any = lambda scene, since_s: None) -> int:
        """Ten frames a second; `change` alters the scene before each. How often was looked."""
        looks = len(self.looks)
        for index in range(round(duration_s * FPS)):
            change(self.scene, index / FPS)
            frame = self.scene.frame(self.now_s)
            region = self.schedule.due(frame, self.people, 15.0)
            if region is not None:
                self.looks.append(self.now_s)
                self.widths.append(min(region.right, WIDTH) - max(region.left, 0))
                seen = seen_in(region, self._faces(), frame)
                self.visits += self.people.observe(frame, seen)
            else:
                self.visits += self.people.coast(frame)
            self.now_s += 1 / FPS
        return len(self.looks) - looks

    def _faces(self) -> list[Face]:
        """Everyone's whom a detector would find."""
        scene = self.scene
        shown = scene.person is not None and scene.shown >= 0.5
        heads = [scene.person] * shown + scene.still
        boxes = [Box(x - FACE_PX / 2, y - 0.65 * FACE_PX, FACE_PX, 1.3 * FACE_PX) for x, y in heads]
        return [Face(box, 0.9) for box in boxes]
