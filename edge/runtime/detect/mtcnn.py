"""MTCNN (Zhang et al. 2016): a cascade of three networks over an image pyramid."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np

from edge.errors import ModelError
from edge.runtime.detect.base import Candidates, Floats, suppress
from edge.runtime.detect.centerface import four_points
from edge.runtime.detect.trial import WRONG, refusal
from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Image, Keypoints, Point, Region
from edge.runtime.meter import Meter
from edge.runtime.networks.answers import Tensor
from edge.runtime.networks.card import Card
from edge.runtime.networks.model import Network

CASCADE = 3
LEAST_FACE_PX = 20
PYRAMID_STEP = 0.709
"""About √½: half the area from level to level."""
SAME_LEVEL_IOU = 0.5


class CascadeDetector:
    """P-Net proposes on every level, R-Net sorts out, O-Net decides and finds landmarks."""

    def __init__(self, networks: Sequence[Network], meter: Meter) -> None:
        """`networks`: P-Net, R-Net and O-Net, in this order."""
        if len(networks) != CASCADE:
            raise ModelError(f"MTCNN is a cascade of {CASCADE} networks, not {len(networks)}")
        self._proposer, self._refiner, self._decider = networks
        self.card = self._decider.card
        self._meter = meter
        self._levels: dict[tuple[int, int], Network] = {}
        self._try_decoders()

    def _try_decoders(self) -> None:
        """ModelError where the three networks do not answer as the cascade reads them."""
        noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
        network = self._proposer
        try:
            self._level(noise, 1.0)
            for network in (self._refiner, self._decider):
                _refined(noise, np.array([[0, 0, 40, 40]], np.float32), network)
        except WRONG as error:
            raise refusal(network.card, error) from error

    def tiles(self, frame: Frame) -> Sequence[tuple[float, float]]:  # noqa: ARG002
        """None: it sees every pixel anyway."""
        return ()

    def detect(self, frame: Frame, region: Region = EVERYWHERE) -> list[Face]:  # noqa: ARG002
        """Find faces on all of `frame.small`, wherever they are asked for."""
        with self._meter.stage("resize"):
            picture = cv2.cvtColor(frame.small, cv2.COLOR_BGR2RGB)
        with self._meter.stage("detect"):
            boxes = self._proposed(np.asarray(picture, np.uint8))
            for network in (self._refiner, self._decider):
                if not len(boxes.scores):
                    return []
                boxes = _refined(np.asarray(picture, np.uint8), boxes.boxes, network)
        with self._meter.stage("decode"):
            kept = suppress(boxes, self.card.detecting.nms_iou) if len(boxes.scores) else None
            return [] if kept is None else _faces(kept, frame)

    def _proposed(self, picture: Image) -> Candidates:
        """All levels' proposals, in the picture's pixels."""
        spec = self._proposer.card.detecting
        parts = [Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32), None)]
        scale = self._proposer.card.input.width / LEAST_FACE_PX
        while min(picture.shape[:2]) * scale >= self._proposer.card.input.width:
            parts.append(_thinned(self._level(picture, scale), SAME_LEVEL_IOU))
            scale *= PYRAMID_STEP
        boxes = np.concatenate([part.boxes for part in parts])
        scores = np.concatenate([part.scores for part in parts])
        return _thinned(Candidates(boxes, scores, None), spec.nms_iou)

    def _level(self, picture: Image, scale: float) -> Candidates:
        """One level's proposals: each cell looks at a tile of the network's own size."""
        height, width = (int(np.ceil(side * scale)) for side in picture.shape[:2])
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        outputs = self._sized(width, height).run(np.asarray(small, np.uint8)[None])
        spec = self._proposer.card.detecting
        scores = outputs[spec.tensors["scores"]][0, ..., 1]
        rows, columns = np.nonzero(scores > spec.score_min)
        corner = np.stack((columns, rows), 1).astype(np.float32) * spec.strides[0]
        tile = self._proposer.card.input.width
        offsets = outputs[spec.tensors["boxes"]][0][rows, columns] * tile
        boxes = np.concatenate((corner, corner + tile), 1) + offsets
        return Candidates(boxes / np.float32(scale), scores[rows, columns], None)

    def _sized(self, width: int, height: int) -> Network:
        """P-Net for a level's size, kept: a camera's frames are all of one size."""
        if (width, height) not in self._levels:
            card = self._proposer.card
            size = msgspec.structs.replace(card.input, width=width, height=height)
            self._levels[width, height] = self._proposer.described(
                msgspec.structs.replace(card, input=size)
            )
        return self._levels[width, height]


def _refined(picture: Image, boxes: Floats, network: Network) -> Candidates:
    """Proposals, cut square and looked at again → the better ones, moved, with landmarks."""
    squares = _squared(boxes)
    outputs = network.run(_patches(picture, squares, network.card))
    spec = network.card.detecting
    scores = outputs[spec.tensors["scores"]][:, 1]
    chosen = scores > spec.score_min
    squares, scores = squares[chosen], scores[chosen]
    side = (squares[:, 2] - squares[:, 0])[:, None]
    moved = squares + outputs[spec.tensors["boxes"]][chosen] * side
    points = None
    if "landmarks" in spec.tensors:
        # Five x, then five y, as parts of the square.
        parts = outputs[spec.tensors["landmarks"]][chosen].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = four_points(parts * side[:, None] + squares[:, None, :2])
    return _thinned(Candidates(moved, scores, points), SAME_LEVEL_IOU)


def _squared(boxes: Floats) -> Floats:
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.concatenate((centre - half, centre + half), 1).astype(np.float32)


def _patches(picture: Image, squares: Floats, card: Card) -> Image:
    """Squares of the picture at the network's size; black beyond the edge."""
    size = (card.input.width, card.input.height)
    patches = np.empty((len(squares), size[1], size[0], 3), np.uint8)
    for patch, (left, top, right, _) in zip(patches, squares.tolist(), strict=True):
        scale = size[0] / max(right - left, 1.0)
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        cv2.warpAffine(picture, matrix, size, patch, cv2.INTER_LINEAR)
    return patches


def _thinned(found: Candidates, iou: float) -> Candidates:
    """Plain non-maximum suppression; blending would move proposals before they are looked at."""
    if not len(found.scores):
        return found
    sizes = np.concatenate((found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]), 1)
    kept = np.array(cv2.dnn.NMSBoxes(sizes.tolist(), found.scores.tolist(), 0.0, iou)).reshape(-1)
    points = None if found.keypoints is None else found.keypoints[kept]
    return Candidates(found.boxes[kept], found.scores[kept], points)


def _faces(found: Candidates, frame: Frame) -> list[Face]:
    """Small-frame pixels → full-frame pixels."""
    across = frame.full_width / frame.small.shape[1]
    down = frame.full_height / frame.small.shape[0]
    points: Tensor = np.empty(0) if found.keypoints is None else found.keypoints
    return [
        Face(
            Box(left * across, top * down, (right - left) * across, (bottom - top) * down),
            float(score),
            Keypoints(*(Point(x * across, y * down) for x, y in points[index].tolist())),
        )
        for index, ((left, top, right, bottom), score) in enumerate(
            zip(found.boxes.tolist(), found.scores.tolist(), strict=True)
        )
    ]
