"""What all detectors share: letterbox, weighted non-maximum suppression, the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime import card as cards
from edge.runtime.frame import Box, Face, Frame, Image, Keypoints, Point
from edge.runtime.meter import Meter
from edge.runtime.model import Network, Tensor

Floats = NDArray[np.float32]


class Detector(Protocol):
    """A frame → its faces in full-frame pixels, those between score_low and score_min too."""

    card: cards.Card

    def detect(self, frame: Frame) -> list[Face]:
        """Find faces on `frame.small`."""


class Candidates(NamedTuple):
    """Raw answers of a network, in pixels of its input.

    boxes: N × 4 (left, top, right, bottom). scores: N, 0..1. keypoints: N × 4 × 2 in the order
    of `Keypoints`, or None.
    """

    boxes: Floats
    scores: Floats
    keypoints: Floats | None


Decode = Callable[[list[Tensor], cards.Card], Candidates]


class Letterbox(NamedTuple):
    """Where a picture lies in a network's input: input = picture × scale + (left, top)."""

    scale: float
    left: int
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

    def detect(self, frame: Frame) -> list[Face]:
        """Find faces on `frame.small`."""
        meter = self._meter
        with meter.stage("resize"):
            box = self._fill(frame.small)
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
    """Each best answer with those that overlap it: in plain numbers, of which there are few.

    A handful of NumPy calls a face would cost ten times as much.
    """
    rest = sorted(range(len(scores)), key=lambda i: -scores[i])
    groups = []
    while rest:
        best = boxes[rest[0]]
        apart: list[int] = []
        group, left, right = [rest[0]], best[0], best[2]
        for i in rest[1:]:
            box = boxes[i]
            # Most lie elsewhere altogether, which this tells without a call.
            near = box[0] < right and box[2] > left and _overlap(best, box) > iou
            (group if near else apart).append(i)
        groups.append(group)
        rest = apart
    return groups


def _overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    if across <= 0:
        return 0.0
    down = min(a[3], b[3]) - max(a[1], b[1])
    if down <= 0:
        return 0.0
    shared = across * down
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / max(areas - shared, 1e-9)


def _faces(found: Candidates, box: Letterbox, frame: Frame) -> list[Face]:
    """Network pixels → full-frame pixels."""
    x_scale = frame.full_width / frame.small.shape[1] / box.scale
    y_scale = frame.full_height / frame.small.shape[0] / box.scale
    scale = np.array((x_scale, y_scale), np.float32)
    shift = np.array((box.left, box.top), np.float32)
    corners = (found.boxes.reshape(-1, 2, 2) - shift) * scale
    corners[:, 1] -= corners[:, 0]
    boxes = [Box(*numbers) for numbers in corners.reshape(-1, 4).tolist()]
    scores = found.scores.tolist()
    if found.keypoints is None:
        return [Face(*one) for one in zip(boxes, scores, strict=True)]
    placed = ((found.keypoints - shift) * scale).tolist()
    points = [Keypoints(*[Point(x, y) for x, y in four]) for four in placed]
    return [Face(*one) for one in zip(boxes, scores, points, strict=True)]
