"""Photographs without faces: what scenes are composed on, and textures to draw with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from edge.runtime.frame import Image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
LONGEST_PX = 720
STAMP_PX = 200


class Pictures:
    """All pictures of a folder, in memory; those with an alpha channel are stamps."""

    def __init__(self, folder: Path, skipped: frozenset[str] = frozenset()) -> None:
        self._photographs: list[Image] = []
        self._stamps: list[Image] = []
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS):
            if path.name not in skipped:
                self._take(path)
        if not self._photographs:
            raise ConvertError(f"{folder} holds no pictures ({', '.join(ENDINGS)})")

    def __len__(self) -> int:
        return len(self._photographs)

    def _take(self, path: Path) -> None:
        read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if read is None or read.dtype != np.uint8:
            return
        if read.ndim == 3 and read.shape[2] == 4:
            self._stamps.append(reduced(np.asarray(read, np.uint8), STAMP_PX))
            return
        plain = cv2.cvtColor(read, cv2.COLOR_GRAY2BGR) if read.ndim == 2 else read
        self._photographs.append(reduced(np.asarray(plain, np.uint8), LONGEST_PX))

    def background(self, random: np.random.Generator, width: int, height: int) -> Image:
        """A part of a photograph, sometimes mirrored, width × height."""
        picture = self._photographs[random.integers(len(self._photographs))]
        high, wide = picture.shape[:2]
        least = min(wide / width, high / height)
        scale = least * np.exp(random.uniform(np.log(0.3), 0))
        across, down = max(int(width * scale), 8), max(int(height * scale), 8)
        x = random.integers(0, max(wide - across, 0) + 1)
        y = random.integers(0, max(high - down, 0) + 1)
        part = picture[y : y + down, x : x + across]
        how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
        part = cv2.resize(part, (width, height), interpolation=how)
        return np.ascontiguousarray(part[:, ::-1] if random.random() < 0.5 else part)

    def fill(
        self, canvas: Image, outline: NDArray[np.float64], random: np.random.Generator
    ) -> None:
        """Fill a polygon with a colour or a piece of a photograph."""
        points = np.round(outline).astype(np.int32)
        if random.random() < 0.5:
            colour = tuple(map(float, random.uniform(0, 255, 3)))
            cv2.fillPoly(canvas, [points], colour, cv2.LINE_AA)
            return
        low = np.maximum(points.min(0), 0)
        high = np.minimum(points.max(0) + 1, (canvas.shape[1], canvas.shape[0]))
        if (high <= low).any():
            return
        wide, tall = map(int, high - low)
        mask = np.zeros((tall, wide), np.uint8)
        cv2.fillPoly(mask, [points - low.astype(np.int32)], 255)
        texture = self.background(random, wide, tall)
        part = canvas[low[1] : high[1], low[0] : high[0]]
        part[mask > 0] = texture[mask > 0]

    def stamp(
        self, canvas: Image, place: NDArray[np.float64], size: float, random: np.random.Generator
    ) -> None:
        """Lay a cut-out thing of `size` pixels into the picture; a texture where there is none."""
        if not self._stamps:
            square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2 + place
            self.fill(canvas, square, random)
            return
        stamp = self._stamps[random.integers(len(self._stamps))]
        scale = size / max(stamp.shape[:2])
        wide, high = (max(int(n * scale), 2) for n in (stamp.shape[1], stamp.shape[0]))
        small = cv2.resize(stamp, (wide, high), interpolation=cv2.INTER_AREA)
        x, y = (int(v) for v in place - np.array((wide, high)) / 2)
        part = canvas[max(y, 0) : max(y + high, 0), max(x, 0) : max(x + wide, 0)]
        small = small[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]]
        alpha = small[..., 3:].astype(np.uint16)
        part[:] = ((small[..., :3] * alpha + part * (255 - alpha)) // 255).astype(np.uint8)


def reduced(picture: Image, longest: int) -> Image:
    """The picture, its longer side at most `longest` pixels."""
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
