"""Faces among photographs: pictures for a student to watch its teacher by. Nothing is labelled.

Everything is drawn from one generator, so a seed makes the same scenes again.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from converters.detect_train import compositing, distractors
from converters.detect_train.backgrounds import Pictures
from converters.detect_train.camera_augmentation import camera_augmented
from converters.detect_train.chips import Chips
from converters.detect_train.settings import Scenes
from edge.runtime.frame import Image

POOL = 64
"""Scenes kept waiting: a scene comes again only after others, so that batches differ."""
PIECE = 2.0
"""Side of a mosaic's piece, in sizes of the face in it."""


class Composer:
    """Makes scenes of one size."""

    def __init__(self, chips: Chips, pictures: Pictures, how: Scenes, seed: int) -> None:
        self._chips = chips
        self._pictures = pictures
        self._how = how
        self._random = np.random.default_rng(seed)

    def stream(self, repeats: int) -> Iterator[Image]:
        """Scenes without end, each `repeats` times, every time in another light and mirrored or
        not: BGR pictures.
        """
        random = self._random
        waiting: list[Image] = []
        while True:
            while len(waiting) < POOL:
                waiting += [self.scene()] * repeats
            place = int(random.integers(len(waiting)))
            waiting[place], waiting[-1] = waiting[-1], waiting[place]
            picture = waiting.pop()
            if random.random() < 0.5:
                picture = np.ascontiguousarray(picture[:, ::-1])
            yield camera_augmented(picture, random)

    def scene(self) -> Image:
        """The next scene, BGR, in plain light."""
        random, how = self._random, self._how
        kind = random.random()
        if kind < how.mosaics:
            return self._mosaic()
        if kind < how.mosaics + how.bare:
            return self._pictures.background(random, how.width, how.height)
        if kind < how.mosaics + how.bare + how.portraits:
            return self._portrait()
        return self._group()

    def _group(self) -> Image:
        """A photograph with things and people pasted into it."""
        random, how = self._random, self._how
        canvas = self._pictures.background(random, how.width, how.height)
        for _ in range(random.integers(0, how.decoys + 1)):
            distractors.add(canvas, self._pictures, self._chips, random)
        boxes: list[compositing.Floats] = []
        if random.random() >= how.empty:
            self._people(canvas, boxes)
        if boxes and random.random() < how.covered:
            distractors.bar(canvas, boxes[random.integers(len(boxes))], self._pictures, random)
        return canvas

    def _people(self, canvas: Image, boxes: list[compositing.Floats]) -> None:
        """A handful of faces, often of one size and side by side, as in a group."""
        random, how = self._random, self._how
        count = 1 + int(random.exponential(how.faces))
        least, most = np.log(how.face_px)
        size = np.exp(random.uniform(least, most))
        grouped = random.random() < how.grouped
        place = random.uniform((0.0, 0.0), (how.width, how.height))
        for _ in range(min(count, how.faces_max)):
            own = size * np.exp(random.normal(0, 0.15))
            if not grouped:
                own = np.exp(random.uniform(least, most))
                place = random.uniform((0.0, 0.0), (how.width, how.height))
            chip = self._chips.draw(random, own)
            box = compositing.face(
                canvas, chip, compositing.Spot(own, place), self._pictures, random
            )
            if box is not None:
                boxes.append(box)
            place = place + random.normal(0, 1, 2) * own * (1.1, 0.35) + (own * 1.1, 0)
            place = np.mod(place, (how.width, how.height))

    def _mosaic(self) -> Image:
        """Pictures of faces side by side: each with the surroundings that it was taken in."""
        random, how = self._random, self._how
        canvas = np.zeros((how.height, how.width, 3), np.uint8)
        side = PIECE * np.exp(random.uniform(*np.log(how.face_px)))
        step, spread = max(int(side * 0.85), 8), random.uniform(0, 0.3)
        for top in range(-int(random.integers(side)), how.height, step):
            for left in range(-int(random.integers(side)), how.width, step):
                own = max(int(side * np.exp(random.normal(0, spread))), 8)
                picture = self._chips.draw(random, own / PIECE).picture
                piece = cv2.resize(picture, (own, own), interpolation=cv2.INTER_AREA)
                part = canvas[max(top, 0) : max(top + own, 0), max(left, 0) : max(left + own, 0)]
                seen = piece[max(-top, 0) :, max(-left, 0) :]
                part[:] = seen[: part.shape[0], : part.shape[1]]
        return canvas

    def _portrait(self) -> Image:
        """One face that fills the picture, its edge repeated outwards."""
        random, how = self._random, self._how
        chip = self._chips.draw(random, 128)
        scale = how.height / chip.picture.shape[0] * random.uniform(0.6, 1.25)
        shift = np.array((how.width, how.height)) / 2 - scale * chip.picture.shape[0] / 2
        shift = shift + random.uniform(-0.2, 0.2, 2) * (how.width, how.height)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        picture = cv2.warpAffine(
            chip.picture, matrix, (how.width, how.height), borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(picture, np.uint8)
