"""What published detectors see in the faces and pictures that the student learns from."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from converters import progress
from converters.detect_train.chips import Chips
from converters.detect_train.pictures import ENDINGS, LONGEST_PX, reduced
from converters.detectors.check import overlap
from converters.errors import ConvertError
from edge.runtime.detect import centerface, open_detector, yunet
from edge.runtime.detect.base import Candidates, Decode, suppress
from edge.runtime.frame import Frame, Image
from edge.runtime.model import Network, load

Floats = NDArray[np.float64]
FIVE: dict[str, Decode] = {"centerface": centerface.five, "yunet": yunet.five}
"""Families that tell five points."""
BORDER = 0.25
"""Of a picture's size, repeated outwards: teachers want room round a face."""
AGREEMENT_IOU = 0.55
"""Teachers that put a face this differently are both left out."""
FACELESS_MAX = 0.33
"""A picture where the teacher sees anything above this score is no background."""


class Labels(NamedTuple):
    """Names N, boxes N × 4 (corners), points N × 5 × 2, in pixels of each picture."""

    names: NDArray[np.str_]
    boxes: Floats
    points: Floats


class Teacher:
    """A detector for square pictures with one face each."""

    def __init__(self, name: str, models: Path) -> None:
        self._network: Network = load(name, models)
        card = self._network.card
        if card.detecting.family not in FIVE or card.input.width != card.input.height:
            raise ConvertError(
                f"the teacher {name!r} must be square and one of the families {', '.join(FIVE)}"
            )
        self._five = FIVE[card.detecting.family]

    def central(self, picture: Image) -> tuple[Floats, Floats] | None:
        """The box and the points of the face nearest to the middle; None where none is sure."""
        card = self._network.card
        side = picture.shape[0]
        edge = round(side * BORDER)
        wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        sized = cv2.resize(wide, (card.input.width, card.input.height))
        canvas = np.ascontiguousarray(sized[..., ::-1] if card.input.colour == "rgb" else sized)
        found = self._five(self._network.run(np.asarray(canvas, np.uint8)[None]), card)
        found = _sure(found, card.detecting.score_min)
        if not len(found.scores) or found.keypoints is None:
            return None
        found = suppress(found, card.detecting.nms_iou)
        assert found.keypoints is not None
        scale = wide.shape[0] / card.input.width
        middle = card.input.width / 2
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        best = int(((centres - middle) ** 2).sum(1).argmin())
        box, points = found.boxes[best] * scale - edge, found.keypoints[best] * scale - edge
        return box.astype(float), points.astype(float)


def _sure(found: Candidates, least: float) -> Candidates:
    kept = found.scores >= least
    points = None if found.keypoints is None else found.keypoints[kept]
    return Candidates(found.boxes[kept], found.scores[kept], points)


def label(archive: Path, teachers: Sequence[Teacher]) -> Labels:
    """The mean of what the teachers say of each picture of a ZIP, where they agree."""
    names, boxes, points = [], [], []
    try:
        with zipfile.ZipFile(archive) as source:
            members = sorted(n for n in source.namelist() if n.lower().endswith(ENDINGS))
            for name in progress.over(members, "faces"):
                said = _agreed(source.read(name), teachers)
                if said is not None:
                    names.append(name)
                    boxes.append(said[0])
                    points.append(said[1])
    except (OSError, zipfile.BadZipFile) as error:
        raise ConvertError(f"{archive} is not a readable ZIP of faces") from error
    if not names:
        raise ConvertError(f"the teachers find no face in the pictures of {archive}")
    return Labels(np.array(names), np.array(boxes), np.array(points))


def _agreed(content: bytes, teachers: Sequence[Teacher]) -> tuple[Floats, Floats] | None:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None or picture.shape[0] != picture.shape[1]:
        return None
    seen = [one for t in teachers if (one := t.central(np.asarray(picture, np.uint8))) is not None]
    if not seen:
        return None
    boxes = np.array([box for box, _ in seen], np.float32)
    if overlap(boxes[0], boxes).min() < AGREEMENT_IOU:
        return None
    return np.mean([b for b, _ in seen], 0), np.mean([p for _, p in seen], 0)


def faces_of(archive: Path, kept: Path, teachers: Sequence[Teacher]) -> Chips:
    """The faces of `archive`, labelled, or as `kept` by an earlier run."""
    if kept.exists():
        with np.load(kept) as values:
            found = Labels(values["names"], values["boxes"], values["points"])
    else:
        found = label(archive, teachers)
        partial = kept.with_name("faces.partial.npz")
        np.savez(partial, **found._asdict())
        partial.replace(kept)
    return Chips(archive, found.names, found.boxes, found.points)


def with_faces(folder: Path, detector: str, models: Path) -> frozenset[str]:
    """Names of the pictures in which `detector` sees a face, large or small."""
    found = open_detector(detector, models)
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    names = set()
    for path in progress.over(paths, "backgrounds"):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            continue
        whole = reduced(np.asarray(picture, np.uint8), LONGEST_PX)
        for shown in (whole, _small(whole)):
            high, wide = shown.shape[:2]
            frame = Frame(0, 0.0, shown, wide, high, lambda shown=shown: shown)
            if any(face.score > FACELESS_MAX for face in found.detect(frame)):
                names.add(path.name)
    return frozenset(names)


def _small(picture: Image) -> Image:
    """The picture at a third of its size, amid black: what fills it becomes an ordinary face."""
    high, wide = picture.shape[:2]
    canvas = np.zeros_like(picture)
    third = (max(wide // 3, 1), max(high // 3, 1))
    canvas[third[1] : 2 * third[1], third[0] : 2 * third[0]] = cv2.resize(picture, third)
    return canvas
