"""The faces to paste: small square pictures, with about where the face is in them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from edge.runtime.frame import Image

Floats = NDArray[np.float64]
FACE = np.array((0.266, 0.219, 0.734, 0.8125))
"""Left, top, right and bottom of the face in a picture with a quarter of its size as margin."""


class Chip(NamedTuple):
    """A square BGR picture of a face; box (corners) in its pixels."""

    picture: Image
    box: Floats


class Chips:
    """The faces of a ZIP, in memory as they are there, decoded at the size that is asked for."""

    def __init__(self, archive: Path) -> None:
        try:
            with zipfile.ZipFile(archive) as source:
                names = sorted(n for n in source.namelist() if n.lower().endswith((".jpg", ".png")))
                self._contents = [np.frombuffer(source.read(name), np.uint8) for name in names]
        except (OSError, zipfile.BadZipFile) as error:
            raise ConvertError(f"{archive} is not a ZIP of faces: {error}") from error
        if not self._contents:
            raise ConvertError(f"{archive} holds no .jpg or .png picture")

    def __len__(self) -> int:
        return len(self._contents)

    def draw(self, random: np.random.Generator, size: float) -> Chip:
        """A random face, mirrored half of the time, for pasting at about `size` pixels."""
        chip = self.chip(int(random.integers(len(self))), size)
        return _mirror(chip) if random.random() < 0.5 else chip

    def chip(self, index: int, size: float) -> Chip:
        """Face `index`; decoded at a half or a quarter where `size` needs no more."""
        content = self._contents[index]
        picture = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)
        while size * 2 <= picture.shape[0] * (FACE[2] - FACE[0]):
            half = (picture.shape[1] // 2, picture.shape[0] // 2)
            picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
        return Chip(picture, FACE * picture.shape[0])


def _mirror(chip: Chip) -> Chip:
    left, top, right, bottom = chip.box
    wide = chip.picture.shape[1]
    other = np.array((wide - right, top, wide - left, bottom))
    return Chip(np.ascontiguousarray(chip.picture[:, ::-1]), other)
