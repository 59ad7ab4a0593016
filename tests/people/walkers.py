"""Scenes as pictures: real faces on a wall, moved as `scenes` says."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.runtime.frame import Box
from tests.people.scenes import HEIGHT, WIDTH, Walker
from tests.shared import Image

FACE_SHARE = 0.45
"""Width of the face over that of the picture of a head in fairface_dev.zip."""


def heads(archive: Path, count: int, seed: int = 0) -> list[Image]:
    """So many grown-up heads, 448 × 448 BGR."""
    with zipfile.ZipFile(archive) as files:
        rows = list(csv.DictReader(io.TextIOWrapper(files.open("labels.csv"))))
        grown = [row["image"] for row in rows if row["age_band"] in ("20-29", "30-39", "40-49")]
        names = random.Random(seed).sample(grown, count)
        return [cv2.imdecode(np.frombuffer(files.read(name), np.uint8), 1) for name in names]


def pictures(
    walkers: Sequence[Walker], faces: Sequence[Image], fps: float
) -> Iterator[tuple[float, Image]]:
    """(time, 720 × 1280 BGR) until a second after the last has gone; the nearer hide others."""
    wall = np.random.default_rng(0).normal(150, 4, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
    for index in range(int((max(walker.leave_s for walker in walkers) + 1) * fps)):
        time_s, picture = index / fps, wall.copy()
        there = [(w, box) for w in walkers if (box := w.box(time_s)) is not None]
        for walker, box in sorted(there, key=lambda pair: pair[1].width):
            _paste(picture, faces[walker.number], box)
        yield time_s, picture


def _paste(picture: Image, head: Image, box: Box) -> None:
    """Draw a head so that its face fills the box, with a soft oval edge."""
    side = max(int(box.width / FACE_SHARE), 8)
    scaled = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    mask = np.zeros((side, side), np.float32)
    axes = int(side * 0.36), int(side * 0.46)
    cv2.ellipse(mask, (side // 2, side // 2), axes, 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), side / 40)[..., None]
    left, top = round(box.centre.x - side / 2), round(box.centre.y - side / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, WIDTH), min(top + side, HEIGHT)
    if x0 >= x1 or y0 >= y1:
        return
    cut = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    under = picture[y0:y1, x0:x1]
    under[:] = under * (1 - mask[cut]) + scaled[cut] * mask[cut]
