"""Labelled pictures → what the device would say about the face that each label means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.labels import Folder, Label
from edge import progress
from edge.runtime.detect import Detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import Face, Frame, Image
from edge.runtime.networks.card import read_card
from edge.runtime.networks.model import Network, opened

SEED = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said about each found face, N long; NaN where the networks do not say.

    labels: of the found faces. ages in years, females: the probability of a woman.
    """

    labels: tuple[Label, ...]
    ages: NDArray[np.float64]
    females: NDArray[np.float64]
    not_found: int


def labelled_face(detector: Detector, picture: Image) -> Face | None:
    """The face nearest to the middle of a BGR picture, which is the one labels mean."""
    height, width = picture.shape[:2]
    frame = Frame(0, 0.0, picture, width, height, lambda: picture)
    least = detector.card.detecting.score_min
    faces = [face for face in detector.detect(frame) if face.score >= least]
    return min(faces, key=lambda face: _off_centre(face, width, height), default=None)


def _off_centre(face: Face, width: int, height: int) -> float:
    x, y = face.box.centre
    return (x - width / 2) ** 2 + (y - height / 2) ** 2


def chosen(labels: Sequence[Label], limit: int | None) -> list[Label]:
    """At most `limit` labels, drawn without order: data sets are sorted by age."""
    if limit is None or limit >= len(labels):
        return list(labels)
    order = np.random.default_rng(SEED).permutation(len(labels))[:limit]
    return [labels[index] for index in order]


def load_network(path: Path) -> Network:
    """The network whose card is `path`."""
    return opened(read_card(path), path)


def answer(
    data: Folder, labels: Sequence[Label], detector: Detector, estimator: Estimator, pad: float
) -> Answers:
    """Detect and estimate each labelled picture, with `pad` of its size put round it first.

    Ages of blurred faces, which the device does not believe, are told too: networks are held
    against each other on the same faces.
    """
    kept: list[Label] = []
    ages: list[float] = []
    females: list[float] = []
    for label in progress.over(labels, "faces"):
        picture = padded(data.picture(label), pad)
        face = labelled_face(detector, picture)
        if face is None:
            continue
        estimate = estimator.estimate(picture, [face], sharp_only=False)[0]
        kept.append(label)
        ages.append(_number(estimate.age_years))
        females.append(_number(estimate.female))
    return Answers(tuple(kept), np.array(ages), np.array(females), len(labels) - len(kept))


def padded(picture: Image, pad: float) -> Image:
    """The picture with its edge repeated outwards by `pad` of its size on each side."""
    if not pad:
        return picture
    height, width = picture.shape[:2]
    across, down = round(width * pad), round(height * pad)
    wide = cv2.copyMakeBorder(picture, down, down, across, across, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
