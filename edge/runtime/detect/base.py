"""What all detectors share: letterbox, weighted non-maximum suppression, the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime import card as cards
from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Image, Keypoints, Point, Span
from edge.runtime.meter import Meter
from edge.runtime.model import Network, Tensor

Floats = NDArray[np.float32]


class Detector(Protocol):
    """A frame → its faces in full-frame pixels, those between score_low and score_min too."""

    card: cards.Card

    def detect(self, frame: Frame, across: Span = EVERYWHERE) -> list[Face]:
        """Find faces on `frame.small`, at least those that lie whole in the columns `across`."""


class Candidates(NamedTuple):
    """Raw answers of a network, in pixels of its input.

    boxes: N × 4 (left, top, right, bottom). scores: N, 0..1. keypoints: N × 4 × 2 in the order
    of `Keypoints`, or None.
    """

    boxes: Floats
    scores: Floats
    keypoints: Floats | None


ALL = slice(None)
Decode = Callable[[list[Tensor], cards.Card], Candidates]


class Letterbox(NamedTuple):
    """Where a picture lies in a network's input: input = picture × scale + (left, top)."""

    scale: float
    left: float
    top: int


class NetworkDetector:
    """A single-shot network: letterbox → invoke → decode → suppress → full-frame faces."""

    def __init__(self, network: Network, decode: Decode, meter: Meter) -> None:
        self.card = network.card
        self._network = network
        self._decode = decode
        self._meter = meter
        spec = self.card.input
        self._canvas: Image = np.zeros((1, spec.height, spec.width, 3), np.uint8)
        self._last_shape: tuple[int, ...] = ()

    def detect(self, frame: Frame, columns: slice = ALL) -> list[Face]:
        """Find faces on `frame.small`, or on these columns of it."""
        meter = self._meter
        with meter.stage("resize"):
            box = self._fill(frame.small[:, columns])
            if columns.start:
                box = box._replace(left=box.left - columns.start * box.scale)
        with meter.stage("detect"):
            outputs = self._network.run(self._canvas)
        with meter.stage("decode"):
            candidates = self._decode(outputs, self.card)
            if not len(candidates.scores):
                return []
            return _faces(suppress(candidates, self.card.detecting.nms_iou), box, frame)

    def _fill(self, small: Image) -> Letterbox:
        """Lay `small` into the canvas, never squashed, in the card's colour order."""
        spec = self.card.input
        if small.shape != self._last_shape:
            self._canvas[:] = 0
            self._last_shape = small.shape
        box, width, height = fit(small.shape[1], small.shape[0], spec.width, spec.height)
        target = self._canvas[0, box.top : box.top + height, box.left : box.left + width]
        if (height, width) != small.shape[:2]:
            resized = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
            small = np.asarray(resized, np.uint8)
        if spec.colour == "rgb":
            cv2.cvtColor(small, cv2.COLOR_BGR2RGB, target)
        else:
            target[:] = small
        return box


def fit(width: int, height: int, into_width: int, into_height: int) -> tuple[Letterbox, int, int]:
    """The largest placement of a picture in a network's input, centred, and its size there."""
    scale = min(into_width / width, into_height / height)
    new_width = min(round(width * scale), into_width)
    new_height = min(round(height * scale), into_height)
    box = Letterbox(scale, (into_width - new_width) // 2, (into_height - new_height) // 2)
    return box, new_width, new_height


def suppress(found: Candidates, iou: float) -> Candidates:
    """Weighted non-maximum suppression: overlapping answers become their score-weighted mean.

    Blending instead of discarding steadies boxes from frame to frame (BlazeFace,
    arXiv:1907.05047, section 4). The blended answer keeps the highest score.
    """
    scores: list[float] = found.scores.tolist()
    groups = _groups(found.boxes.tolist(), scores, iou)
    shares = np.zeros((len(groups), len(scores)), np.float32)
    for row, group in zip(shares, groups, strict=True):
        total = sum([scores[i] for i in group])
        for i in group:
            row[i] = scores[i] / total
    points = found.keypoints
    if points is not None:
        points = (shares @ points.reshape(len(scores), -1)).reshape(-1, *points.shape[1:])
    kept = np.array([scores[group[0]] for group in groups], np.float32)
    return Candidates(shares @ found.boxes, kept, points)


def _groups(boxes: list[list[float]], scores: list[float], iou: float) -> list[list[int]]:
    """Each best answer with those that overlap it, which overlap no better one.

    In plain numbers, of which there are few: a call into NumPy costs as much as ten of these.
    """
    best: list[tuple[float, float, float, float, float, list[int]]] = []
    for i in sorted(range(len(scores)), key=scores.__getitem__, reverse=True):
        left, top, right, bottom = boxes[i]
        area = (right - left) * (bottom - top)
        for x0, y0, x1, y1, other, group in best:
            # Most lie elsewhere altogether, which this tells first.
            across = (right if right < x1 else x1) - (left if left > x0 else x0)
            if across <= 0:
                continue
            shared = across * ((bottom if bottom < y1 else y1) - (top if top > y0 else y0))
            if shared > iou * (area + other - shared):
                group.append(i)
                break
        else:
            best.append((left, top, right, bottom, area, [i]))
    return [group for *_, group in best]


def _faces(found: Candidates, box: Letterbox, frame: Frame) -> list[Face]:
    """Network pixels → full-frame pixels."""
    x_scale = frame.full_width / frame.small.shape[1] / box.scale
    y_scale = frame.full_height / frame.small.shape[0] / box.scale
    x0, y0 = box.left, box.top
    faces = []
    scored = zip(found.boxes.tolist(), found.scores.tolist(), _points(found), strict=True)
    for (left, top, right, bottom), score, points in scored:
        size = (right - left) * x_scale, (bottom - top) * y_scale
        place = Box((left - x0) * x_scale, (top - y0) * y_scale, *size)
        four = points and [Point((x - x0) * x_scale, (y - y0) * y_scale) for x, y in points]
        faces.append(Face(place, score, Keypoints(*four) if four else None))
    return faces


def _points(found: Candidates) -> list[Any]:
    """Each answer's points in plain numbers, or None."""
    return [None] * len(found.scores) if found.keypoints is None else found.keypoints.tolist()
