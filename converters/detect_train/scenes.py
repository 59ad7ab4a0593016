"""Faces pasted onto photographs without faces: what the detector learns from.

Everything is drawn from one generator, so a seed makes the same scenes again.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.detect_train import decoys, paste
from converters.detect_train.chips import Chips
from converters.detect_train.pictures import Pictures
from converters.detect_train.settings import Scenes
from edge.runtime.frame import Image

Floats = NDArray[np.float32]


class Scene(NamedTuple):
    """A BGR picture, its faces' boxes N × 4 (corners) and points N × 5 × 2 in pixels.

    `ignored`: N; faces too hidden to be asked for.
    """

    picture: Image
    boxes: Floats
    points: Floats
    ignored: NDArray[np.bool_]


class Composer:
    """Makes scenes of one size."""

    def __init__(self, chips: Chips, pictures: Pictures, how: Scenes, seed: int) -> None:
        self._chips = chips
        self._pictures = pictures
        self._how = how
        self._random = np.random.default_rng(seed)

    def scene(self) -> Scene:
        """The next scene."""
        random, how = self._random, self._how
        if random.random() < how.portraits:
            return self._portrait()
        canvas = self._pictures.background(random, how.width, how.height)
        found: list[paste.Pasted] = []
        for _ in range(random.integers(0, how.decoys + 1)):
            decoys.add(canvas, self._pictures, self._chips, random)
        if random.random() >= how.empty:
            self._people(canvas, found)
        for _ in range(int(random.random() < how.covered)):
            decoys.bar(canvas, found, self._pictures, random)
        return _scene(canvas, found)

    def _people(self, canvas: Image, found: list[paste.Pasted]) -> None:
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
            one = paste.face(canvas, chip, paste.Spot(own, place), self._pictures, random)
            if one is not None:
                paste.hide(found, one.covers)
                found.append(one)
            place = place + random.normal(0, 1, 2) * own * (1.1, 0.35) + (own * 1.1, 0)
            place = np.mod(place, (how.width, how.height))

    def _portrait(self) -> Scene:
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
        one = paste.placed(chip, matrix, picture.shape)
        return _scene(np.asarray(picture, np.uint8), [one] if one is not None else [])


def _scene(picture: Image, found: list[paste.Pasted]) -> Scene:
    boxes = np.array([one.box for one in found], np.float32).reshape(-1, 4)
    points = np.array([one.points for one in found], np.float32).reshape(-1, 5, 2)
    return Scene(picture, boxes, points, np.array([one.hidden > 0.45 for one in found], bool))
