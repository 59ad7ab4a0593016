"""The faces to paste: small pictures with the box and the points that the teachers see in them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Image

Floats = NDArray[np.float64]


class Chip(NamedTuple):
    """A square BGR picture of a face; box (corners) and points (5 × 2) in its pixels."""

    picture: Image
    box: Floats
    points: Floats


class Chips:
    """Faces in memory as they are in their ZIP, decoded at the size that is asked for."""

    def __init__(
        self, archive: Path, names: NDArray[np.str_], boxes: Floats, points: Floats
    ) -> None:
        with zipfile.ZipFile(archive) as source:
            self._contents = [np.frombuffer(source.read(str(name)), np.uint8) for name in names]
        self._boxes = boxes
        self._points = points

    def __len__(self) -> int:
        return len(self._contents)

    def draw(self, random: np.random.Generator, size: float) -> Chip:
        """A random face, mirrored half of the time, for pasting at about `size` pixels."""
        return self.chip(int(random.integers(len(self))), size, bool(random.random() < 0.5))

    def chip(self, index: int, size: float, mirrored: bool) -> Chip:
        """Face `index`; decoded at a half or a quarter where `size` needs no more."""
        box, points = self._boxes[index], self._points[index]
        full = float(np.sqrt(np.prod(box[2:] - box[:2])))
        factor = 4 if size * 4 <= full else 2 if size * 2 <= full else 1
        mode = {
            1: cv2.IMREAD_COLOR,
            2: cv2.IMREAD_REDUCED_COLOR_2,
            4: cv2.IMREAD_REDUCED_COLOR_4,
        }[factor]
        picture = np.asarray(cv2.imdecode(self._contents[index], mode), np.uint8)
        if size * 8 <= full:
            factor *= 2
            half = (picture.shape[1] // 2, picture.shape[0] // 2)
            picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
        box, points = box / factor, points / factor
        return _mirror(picture, box, points) if mirrored else Chip(picture, box, points)


def _mirror(picture: Image, box: Floats, points: Floats) -> Chip:
    wide = picture.shape[1]
    other = points[[1, 0, 2, 4, 3]].copy()
    other[:, 0] = wide - other[:, 0]
    flipped = np.array((wide - box[2], box[1], wide - box[0], box[3]))
    return Chip(np.ascontiguousarray(picture[:, ::-1]), flipped, other)
