"""What all detectors share: letterbox, weighted non-maximum suppression, the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Image, Keypoints, Point, Region
from edge.runtime.meter import Meter
from edge.runtime.networks import card as cards
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.grey import is_grey, tint
from edge.runtime.networks.model import Network
from edge.runtime.networks.purple import clear, haze_of

Floats = NDArray[np.float32]

LIGHT_EVERY = 8
"""Pictures between two looks at their light: so soon after somebody in colours has come before a
grey wall they are seen as by day."""


class Detector(Protocol):
    """A frame → its faces in full-frame pixels, those between score_low and score_min too."""

    card: cards.Card

    def detect(self, frame: Frame, region: Region = EVERYWHERE) -> list[Face]:
        """Find faces on `frame.small`, at least those well inside `region`."""

    def tiles(self, frame: Frame) -> Sequence[tuple[float, float]]:
        """Widths and heights, in the full frame's pixels, of the tiles that one look can show
        with every pixel of `frame.small`, the cheapest first; none where shrinking loses nothing.
        """


class Candidates(NamedTuple):
    """Raw answers of a network, in pixels of its input.

    boxes: N × 4 (left, top, right, bottom). scores: N, 0..1. keypoints: N × 4 × 2 in the order
    of `Keypoints`, or None.
    """

    boxes: Floats
    scores: Floats
    keypoints: Floats | None


ALL = slice(None)
CUT = 1.03
"""A picture may be larger than the input by this factor, half of it on either side."""

Decode = Callable[[Sequence[Tensor], cards.Card], Candidates]


class Letterbox(NamedTuple):
    """Where a picture lies in a network's input: input = picture × scale + (left, top).

    `rows` and `columns` are the part of the picture that is seen, `size` its width and height
    there.
    """

    scale: float
    left: float
    top: float
    rows: slice
    columns: slice
    size: tuple[int, int]

    @property
    def place(self) -> tuple[slice, slice]:
        """The rows and columns of the input that it fills."""
        left = round(self.left + self.columns.start * self.scale)
        top = round(self.top + self.rows.start * self.scale)
        return slice(top, top + self.size[1]), slice(left, left + self.size[0])

    def of(self, picture: Image) -> Image:
        """The part that is seen, at its size there."""
        seen = picture[self.rows, self.columns]
        if seen.shape[1::-1] == self.size:
            return seen
        return np.asarray(cv2.resize(seen, self.size, interpolation=cv2.INTER_AREA), np.uint8)


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
        self._box: Letterbox
        self._target: Image
        self._grey, self._fills = False, 0
        self._haze: Image | None = None

    def detect(self, frame: Frame, columns: slice = ALL, rows: slice = ALL) -> list[Face]:
        """Find faces on `frame.small`, or on these columns and rows of it."""
        meter = self._meter
        with meter.stage("resize"):
            box = self._fill(frame.small[rows, columns])
            if columns.start or rows.start:
                left, top = columns.start or 0, rows.start or 0
                box = box._replace(left=box.left - left * box.scale, top=box.top - top * box.scale)
        with meter.stage("detect"):
            outputs = self._network.look(self._canvas)
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
            self._box = fit(small.shape[1], small.shape[0], spec.width, spec.height)
            self._target = self._canvas[0][self._box.place]
        laid = self._as_by_day(self._box.of(small))
        if spec.colour == "rgb":
            cv2.cvtColor(laid, cv2.COLOR_BGR2RGB, self._target)
        else:
            self._target[:] = laid
        return self._box

    def _as_by_day(self, laid: Image) -> Image:
        """A picture of infra-red light, as a network finds faces in it that learnt from colours."""
        gain = self.card.detecting.grey_gain
        if self._fills % LIGHT_EVERY == 0:
            self._grey = gain is not None and is_grey(laid)
            self._haze = None if self._grey else haze_of(laid)
        self._fills += 1
        if self._haze is not None:
            return clear(laid, self._haze)
        return tint(laid, gain, rgb=False) if self._grey and gain is not None else laid


def fit(width: int, height: int, into_width: int, into_height: int) -> Letterbox:
    """The largest placement of a picture in a network's input, centred.

    A scale of one half, a third … is taken even where a little of the picture is then beyond the
    input's edges: vector code averages areas at those alone, in a fiftieth of the instructions.
    """
    scale = min(into_width / width, into_height / height)
    if scale < 1:
        simple = 1 / int(1 / scale)
        if simple * width <= CUT * into_width and simple * height <= CUT * into_height:
            scale = simple
    seen = min(width, round(into_width / scale)), min(height, round(into_height / scale))
    across, down = (max(round(side * scale), 1) for side in seen)
    size = min(across, into_width), min(down, into_height)
    first = (width - seen[0]) // 2, (height - seen[1]) // 2
    left, top = (into_width - size[0]) // 2, (into_height - size[1]) // 2
    return Letterbox(
        scale,
        left - first[0] * scale,
        top - first[1] * scale,
        slice(first[1], first[1] + seen[1]),
        slice(first[0], first[0] + seen[0]),
        size,
    )


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
    best: list[tuple[float, float, tuple[float, float, float, list[int]]]] = []
    for i in sorted(range(len(scores)), key=scores.__getitem__, reverse=True):
        left, top, right, bottom = boxes[i]
        area = (right - left) * (bottom - top)
        for x0, x1, more in best:
            if left >= x1 or right <= x0:  # most lie elsewhere altogether
                continue
            y0, y1, other, group = more
            across = (right if right < x1 else x1) - (left if left > x0 else x0)
            shared = across * ((bottom if bottom < y1 else y1) - (top if top > y0 else y0))
            if shared > iou * (area + other - shared):
                group.append(i)
                break
        else:
            best.append((left, right, (top, bottom, area, [i])))
    return [group for _, _, (*_, group) in best]


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
