"""The detector's second look at a face: is it one, seen alone, mirrored and at another size?

What is no face (the back of a head, hair, a dog, lettering) seldom looks like one in both looks,
while a face does (test-time augmentation as a check of consistency). A low score means something
only where the crop is sharp: out of focus, faces score low as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edge.runtime.estimate.crop import cut
from edge.runtime.estimate.sharpness import SIDE_PX, sharpness
from edge.runtime.frame import Box, Face, Frame, Image
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Crop, Input
from edge.runtime.networks.card import SecondLook as Rules

TIGHT = Crop(margin=0.0)
BOX = Input(width=SIDE_PX, height=SIDE_PX, colour="bgr")
"""The face's box alone, of which the sharpness is measured."""

Scorer = Callable[[Image, int], float]
"""A picture, height × width × 3, and the width of the face in its middle, pixels → its score."""


class SecondLook:
    """Faces of a frame → scores, 0..1; None where a low score would mean nothing."""

    def __init__(self, rules: Rules, size: Input, scorer: Scorer, meter: Meter) -> None:
        """`size` and `scorer` are the network's of the rules' card."""
        self._rules = rules
        self._size = size
        self._scorer = scorer
        self._meter = meter
        side = min(size.width, size.height)
        self._crop = Crop(margin=(side / rules.face_px - 1) / 2)

    def scores(self, frame: Frame, faces: Sequence[Face]) -> list[float | None]:
        """Faces in the full frame's pixels → a score each."""
        return [self._score(*self._nearest(frame, face)) for face in faces]

    def _nearest(self, frame: Frame, face: Face) -> tuple[Image, Face]:
        """The face in the small frame where that has pixels enough: many fewer are averaged."""
        scale = frame.small.shape[1] / frame.full_width
        if scale * max(face.box.width, face.box.height) < self._rules.face_px:
            return frame.full(), face
        box = face.box
        smaller = Box(box.left * scale, box.top * scale, box.width * scale, box.height * scale)
        return frame.small, Face(smaller, face.score)

    def _score(self, picture: Image, face: Face) -> float | None:
        with self._meter.stage("crop"):
            (crop,) = cut(picture, [face], self._crop, self._size)
        width = self._rules.face_px * face.box.width / max(face.box.width, face.box.height)
        with self._meter.stage("detect"):
            score = self._scorer(np.ascontiguousarray(crop[:, ::-1]), round(width))
        if score >= self._rules.score_min:
            return score
        with self._meter.stage("crop"):
            (box,) = cut(picture, [face], TIGHT, BOX)
        return score if sharpness(box) >= self._rules.sharpness_min else None
