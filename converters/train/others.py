"""Crops that are labelled as faces or as something else, to learn the difference from.

They come as the device cuts them: what a detector took for a face, of which somebody said whether
it is one. What they are for is decided by where they come from, since two crops of one clip are
nearly the same picture: a source is learned from as a whole or judged by as a whole.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.train.chips import Chips
from converters.train.settings import Data, NotFaces
from edge.runtime.frame import Image

COLUMNS = ("image", "face", "source", "box_px", "licence")
KEPT = 0.99
"""Share of the faces that must not be lost to the rule that drops other things."""
PART_SIDES = (0.2, 0.36)
"""Side of a corner of a chip that holds hair, an ear, a collar, but no face; in sides of it."""
LOOSE_SCALES, LOOSE_SHIFT = (0.45, 0.95), 0.1
"""How small a loosely cut face is, and the deviation of its place, in sides of the chip."""


class Others(NamedTuple):
    """M crops: RGB uint8 M × chip × chip × 3, whether each is a face, whence, of what width.

    width_px: of the box in a picture 640 wide. learned: M truths; by the others it is judged.
    """

    pixels: NDArray[np.uint8]
    face: NDArray[np.bool_]
    source: NDArray[np.str_]
    width_px: NDArray[np.float64]
    learned: NDArray[np.bool_]

    def some(self, mask: NDArray[np.bool_]) -> Others:
        """Those that `mask` names."""
        return Others(*(part[mask] for part in self))


def read_others(path: Path, data: Data, how: NotFaces) -> Others:
    """The crops in the ZIP at `path`: images/ and a labels.csv with COLUMNS.

    ConvertError names what is missing, and says so where nothing is left to learn from.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            rows = list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode("utf-8"))))
            _check(path, rows)
            kept = [row for row in rows if row["source"] not in how.left_out]
            pixels = np.stack([_chip(archive.read(row["image"]), data) for row in kept])
    except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile, ValueError) as error:
        raise ConvertError(
            f"{path} holds no crops to tell faces from other things by ({error}): give a ZIP with "
            f"images/ and a labels.csv of the columns {', '.join(COLUMNS)}"
        ) from error
    return _labelled(path, kept, pixels, how)


def _check(path: Path, rows: list[dict[str, str]]) -> None:
    lacking = [name for name in COLUMNS if not rows or name not in rows[0]]
    if lacking:
        raise ConvertError(f"labels.csv in {path} has no column {lacking[0]!r}, or no rows")


def _labelled(
    path: Path, rows: list[dict[str, str]], pixels: NDArray[np.uint8], how: NotFaces
) -> Others:
    found = Others(
        pixels,
        np.array([row["face"] == "1" for row in rows]),
        np.array([row["source"] for row in rows]),
        np.array([float(row["box_px"]) for row in rows]),
        np.array([_may_learn(row, how) for row in rows]),
    )
    for learned in (True, False):
        kinds = set(found.face[found.learned == learned].tolist())
        if kinds != {True, False}:
            raise ConvertError(
                f"{path} lacks faces or other things to {'learn from' if learned else 'judge by'}: "
                "see [not_faces] licences and judged_by"
            )
    return found


def _may_learn(row: dict[str, str], how: NotFaces) -> bool:
    return row["licence"] in how.licences and row["source"] not in how.judged_by


def _chip(content: bytes, data: Data) -> Image:
    """A crop as the device cuts it → a chip that reaches further, its edge repeated."""
    crop = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if crop is None:
        raise ValueError("one of its images is no picture")
    inner = round(data.chip_px / data.chip_reach)
    before = (data.chip_px - inner) // 2
    after = data.chip_px - inner - before
    crop = cv2.resize(crop, (inner, inner), interpolation=cv2.INTER_LINEAR)
    crop = cv2.copyMakeBorder(crop, before, after, before, after, cv2.BORDER_REPLICATE)
    return np.asarray(crop[..., ::-1], np.uint8)


def drawn(
    others: Others, chips: Chips, members: NDArray[np.int64], count: int, random: Generator
) -> tuple[Image, NDArray[np.bool_]]:
    """`count` chips, M × side × side × 3, and which are faces.

    Of eight, three are things that were taken for faces, every source alike (as the square root of
    how often it is there), three faces of the same origins: were these fewer, the network would
    learn to know the origins. One is a corner of one of the chips `members`, one such a chip cut
    as loosely as wrong landmarks do.
    """
    kind = np.arange(count) % 8
    face = np.isin(kind, (0, 2, 4, 6))
    rows = [_one(others, random, face=one) for one in face.tolist()]
    pixels = others.pixels[rows].copy()
    for number, cut in ((1, _corner), (4, _loose)):
        for place in np.flatnonzero(kind == number):
            pixels[place] = cut(chips.pixels[random.choice(members)], random)
    return pixels, face


def removed(faces: NDArray[Any], others: NDArray[Any], kept: float = KEPT) -> float:
    """Logits or chances of faces and of other things → the share of these that lies below what
    `kept` of the faces reach.
    """
    return float((others < np.quantile(faces, 1 - kept)).mean())


def _one(others: Others, random: Generator, *, face: bool) -> int:
    there = np.flatnonzero(others.learned & (others.face == face))
    _, whose, count = np.unique(others.source[there], return_inverse=True, return_counts=True)
    weight = count[whose] ** -0.5
    return int(random.choice(there, p=weight / weight.sum()))


def _loose(chip: Image, random: Generator) -> Image:
    """The face smaller and out of the middle, its picture's edge repeated."""
    side = chip.shape[0]
    scale, shift = random.uniform(*LOOSE_SCALES), random.normal(0, LOOSE_SHIFT, 2) * side
    middle = (1 - scale) * side / 2
    matrix = np.array([[scale, 0, middle + shift[0]], [0, scale, middle + shift[1]]])
    moved = cv2.warpAffine(chip, matrix, (side, side), flags=cv2.INTER_AREA,
                           borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return np.asarray(moved, np.uint8)


def _corner(chip: Image, random: Generator) -> Image:
    """Hair, an ear, a collar, what is behind: one corner of the chip, as large as the chip."""
    side = chip.shape[0]
    part = round(side * random.uniform(*PART_SIDES))
    left, top = (random.integers(2, size=2) * (side - part)).tolist()
    corner = chip[top : top + part, left : left + part]
    return np.asarray(cv2.resize(corner, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
