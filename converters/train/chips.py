"""Labelled pictures → aligned chips, cut by the code that runs on the device.

A chip is a crop that reaches further than the estimator's input, so that training can still
turn, shift and scale it. Pictures in which no face is found are left out and counted: the device
would not have estimated them either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from converters.labels import Folder, Label
from converters.train.settings import Data
from edge.runtime.detect import Detector
from edge.runtime.estimate.crop import cut
from edge.runtime.frame import Box, Face, Frame, Image, Keypoints, Point
from edge.runtime.networks.card import Alignment, Crop, Input

Find = Callable[[Image], Sequence[Face]]
"""BGR picture → the faces in it, boxes and keypoints in its pixels."""

Note = Callable[[int, int], None]
"""Is told the progress: done, of."""

PAD = 0.25
"""Border added before detecting, in sides of the picture: detectors miss faces that fill it."""


class Look(NamedTuple):
    """The same faces as another detector's landmarks cut them.

    pixels: M × side × side × 3; row: for each of the N faces its place in `pixels`, −1 where the
    other detector missed it.
    """

    pixels: NDArray[np.uint8]
    row: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chips:
    """N faces: RGB uint8 N × side × side × 3, and each one's label."""

    pixels: NDArray[np.uint8]
    band: NDArray[np.int64]
    female: NDArray[np.bool_]
    group: NDArray[np.str_]
    image: NDArray[np.str_]
    also: tuple[Look, ...] = ()
    person: NDArray[np.str_] | None = None
    """Who each is, '' where nobody said; None where nobody said it of any."""

    def __len__(self) -> int:
        return len(self.band)

    def one_of(self, face: int, random: Generator) -> Image:
        """The face as one of the detectors cut it, drawn at random."""
        number = random.integers(1 + len(self.also)) if self.also else 0
        if number:
            look = self.also[number - 1]
            if look.row[face] >= 0:
                return look.pixels[look.row[face]]
        return self.pixels[face]

    def seen_also(self, other: Chips) -> Chips:
        """These, with the looks at the same pictures that another detector gave."""
        place = {name: row for row, name in enumerate(other.image.tolist())}
        row = np.array([place.get(name, -1) for name in self.image.tolist()], np.int64)
        return replace(self, also=(*self.also, Look(other.pixels, row)))


def finder(detector: Detector) -> Find:
    """The device's detector as a function of a picture, which is its own small frame."""

    def find(picture: Image) -> Sequence[Face]:
        height, width = picture.shape[:2]
        return detector.detect(Frame(0, 0.0, picture, width, height, lambda: picture))

    return find


def reached(alignment: Alignment, reach: float) -> Alignment:
    """The alignment of a chip whose middle is the crop of `alignment`, `reach` times smaller."""

    def outwards(place: tuple[float, float]) -> tuple[float, float]:
        return (0.5 + (place[0] - 0.5) / reach, 0.5 + (place[1] - 0.5) / reach)

    return Alignment(*(outwards(getattr(alignment, name)) for name in alignment.__struct_fields__))


def central_face(picture: Image, find: Find, score_min: float) -> Face | None:
    """The sure face nearest to the picture's middle; None where there is none with landmarks."""
    height, width = picture.shape[:2]
    pad = round(PAD * max(height, width))
    bordered = cv2.copyMakeBorder(
        picture, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(104, 117, 123)
    )
    middle = complex(width / 2 + pad, height / 2 + pad)
    faces = [
        f
        for f in find(np.asarray(bordered, np.uint8))
        if f.score >= score_min and f.keypoints is not None
    ]
    if not faces:
        return None
    best = min(faces, key=lambda f: abs(complex(*f.box.centre) - middle) / f.box.width - f.score)
    return _moved(best, -pad)


def _moved(face: Face, by: float) -> Face:
    box = Box(face.box.left + by, face.box.top + by, face.box.width, face.box.height)
    points = Keypoints(*(Point(p.x + by, p.y + by) for p in face.keypoints or ()))
    return Face(box, face.score, points)


def cut_chips(folder: Folder, find: Find, data: Data, note: Note) -> Chips:
    """Every labelled face that `find` finds; `note(done, of)` is told the progress."""
    size = Input(data.chip_px, data.chip_px, "rgb")
    crop = Crop(0.0, alignment=reached(data.alignment, data.chip_reach))
    pixels = np.empty((len(folder.labels), data.chip_px, data.chip_px, 3), np.uint8)
    kept: list[Label] = []
    for done, label in enumerate(folder.labels, 1):
        picture = folder.picture(label)
        face = central_face(picture, find, data.detector_score_min)
        if face is not None:
            pixels[len(kept)] = cut(picture, [face], crop, size)[0]
            kept.append(label)
        note(done, len(folder.labels))
    return _labelled(pixels[: len(kept)], kept)


def _labelled(pixels: NDArray[np.uint8], labels: Sequence[Label]) -> Chips:
    return Chips(
        pixels,
        np.array([label.band for label in labels], np.int64),
        np.array([label.female for label in labels], np.bool_),
        np.array([label.group for label in labels], np.str_),
        np.array([label.image for label in labels], np.str_),
        person=np.array([label.person for label in labels], np.str_),
    )


def save_chips(chips: Chips, directory: Path, data: Data) -> None:
    """Write `chips` and the settings they were cut by."""
    directory.mkdir(parents=True, exist_ok=True)
    np.save(directory / "pixels.npy", chips.pixels)
    np.savez(
        directory / "labels.npz",
        band=chips.band,
        female=chips.female,
        group=chips.group,
        image=chips.image,
        person=np.empty(0, np.str_) if chips.person is None else chips.person,
    )
    # Written last: its presence says that the others are whole.
    (directory / "data.json").write_bytes(msgspec.json.encode(data))


def joined(own: Chips, other: Chips) -> Chips:
    """The chips of two sets, those of `own` first. Looks of other detectors are left behind."""
    parts = zip(_columns(own), _columns(other), strict=True)
    return Chips(*(np.concatenate(pair) for pair in parts), person=_persons(own, other))


def _columns(chips: Chips) -> tuple[NDArray[Any], ...]:
    return chips.pixels, chips.band, chips.female, chips.group, chips.image


def _persons(*several: Chips) -> NDArray[np.str_]:
    nobody = [np.zeros(len(chips), np.str_) for chips in several]
    given = [chips.person for chips in several]
    pairs = zip(given, nobody, strict=True)
    return np.concatenate([none if who is None else who for who, none in pairs])


def load_chips(directory: Path, data: Data) -> Chips | None:
    """The chips of an earlier run; None where there are none or the settings differ."""
    try:
        if msgspec.json.decode((directory / "data.json").read_bytes(), type=Data) != data:
            return None
    except (OSError, msgspec.ValidationError):
        return None
    with np.load(directory / "labels.npz") as labels:
        return Chips(
            np.load(directory / "pixels.npy", mmap_mode="r"),
            labels["band"],
            labels["female"],
            labels["group"],
            labels["image"],
            person=labels["person"] if len(labels.get("person", ())) else None,
        )
