"""One face into a picture: turned, scaled, matched in light, its edge softened."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.detect_train.backgrounds import Pictures
from converters.detect_train.chips import Chip
from edge.runtime.frame import Image

Floats = NDArray[np.float64]
SHAPES = ("head", "whole", "soft")
SHAPE_ODDS = (0.45, 0.25, 0.3)


class Spot(NamedTuple):
    """Where a face goes: root of width × height, and its centre, in pixels of the scene."""

    size: float
    centre: Floats


def face(
    canvas: Image, chip: Chip, spot: Spot, pictures: Pictures, random: np.random.Generator
) -> Floats | None:
    """Paste `chip` at `spot`; → its corners, None where less than a third of it is inside."""
    size, centre = spot
    left, top, right, bottom = chip.box
    scale = size / np.sqrt((right - left) * (bottom - top))
    angle = random.normal(0, 9 if random.random() < 0.85 else 25)
    matrix = cv2.getRotationMatrix2D(((left + right) / 2, (top + bottom) / 2), angle, scale)
    matrix[:, 2] += centre - ((left + right) / 2, (top + bottom) / 2)
    box = placed(chip, matrix, canvas.shape)
    if box is None:
        return None
    shape = SHAPES[random.choice(len(SHAPES), p=SHAPE_ODDS)]
    if shape == "head" and random.random() < 0.75:
        _shoulders(canvas, box, random, pictures)
    lay(canvas, _lit(chip.picture, canvas, box, random), matrix, _mask(chip, shape, random))
    return box


def placed(chip: Chip, matrix: Floats, shape: tuple[int, ...]) -> Floats | None:
    """Where a chip's face lies after `matrix`; None where less than a third of it is inside."""
    left, top, right, bottom = chip.box
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    centre = matrix @ ((left + right) / 2, (top + bottom) / 2, 1)
    half = np.array((right - left, bottom - top)) / 2 * scale
    box = np.concatenate((centre - half, centre + half))
    inside = np.clip(box, 0, (shape[1], shape[0], shape[1], shape[0]))
    share = np.prod(inside[2:] - inside[:2]) / max(np.prod(box[2:] - box[:2]), 1e-9)
    return None if share < 0.35 else box


def lay(canvas: Image, picture: Image, matrix: Floats, mask: Image) -> None:
    """Blend the warped picture into the part of the canvas that it reaches."""
    side = picture.shape[0]
    corners = np.array([(0, 0), (side, 0), (side, side), (0, side)]) @ matrix[:, :2].T
    corners = corners + matrix[:, 2]
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
    x1, y1 = np.ceil(corners.max(0)).astype(int) + 1
    x1, y1 = min(x1, canvas.shape[1]), min(y1, canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    local = matrix.copy()
    local[:, 2] -= (x0, y0)
    both = np.dstack((picture, mask))
    warped = cv2.warpAffine(both, local, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3:].astype(np.uint16)
    under = canvas[y0:y1, x0:x1]
    mixed = (warped[..., :3] * alpha + under * (255 - alpha) + 127) // 255
    canvas[y0:y1, x0:x1] = mixed.astype(np.uint8)


def _mask(chip: Chip, shape: str, random: np.random.Generator) -> Image:
    """What of a chip is shown, 0..255: a head's ellipse, all of it, or all with soft edges."""
    side = chip.picture.shape[0]
    mask = np.zeros((side, side), np.uint8)
    if shape == "whole":
        mask[1:-1, 1:-1] = 255
        return mask
    soft = side * random.uniform(0.01, 0.07)
    if shape == "soft":
        edge = int(2 * soft) + 1
        mask[edge:-edge, edge:-edge] = 255
    else:
        left, top, right, bottom = chip.box
        wide, high = (right - left) / 2, (bottom - top) / 2
        centre = ((left + right) / 2, (top + bottom) / 2 - high * random.uniform(0, 0.2))
        # Hair, hats and ears belong to a head: its outline must not give the face's box away.
        axes = (wide * random.uniform(1.05, 1.7), high * random.uniform(1.1, 1.8))
        cv2.ellipse(mask, (centre, (2 * axes[0], 2 * axes[1]), 0), 255, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(soft, 0.4)), np.uint8)


def _lit(picture: Image, canvas: Image, box: Floats, random: np.random.Generator) -> Image:
    """The chip, its mean drawn towards that of its surroundings by a random part."""
    x0, y0 = np.clip(box[:2].astype(int), 0, (canvas.shape[1] - 2, canvas.shape[0] - 2))
    x1, y1 = np.maximum(box[2:].astype(int), (x0 + 2, y0 + 2))
    around = float(canvas[y0:y1, x0:x1].mean())
    own = float(picture.mean())
    gain = 1 + random.uniform(0, 0.6) * (np.clip(around, 25, 230) / max(own, 20) - 1)
    return np.asarray(cv2.convertScaleAbs(picture, alpha=float(np.clip(gain, 0.3, 1.8))), np.uint8)


def _shoulders(canvas: Image, box: Floats, random: np.random.Generator, pictures: Pictures) -> None:
    """A neck and a body below the head, in one colour or with a texture."""
    wide, high = box[2:] - box[:2]
    middle = (box[0] + box[2]) / 2 + random.normal(0, 0.1) * wide
    top = box[3] + high * random.uniform(-0.05, 0.25)
    half = wide * random.uniform(0.9, 1.6)
    slope = high * random.uniform(0.1, 0.5)
    outline = [(-1.2, 6), (-1.1, 1.2), (-0.9, 0.35), (-0.3, 0), (0.3, 0), (0.9, 0.35), (1.1, 1.2)]
    shape = np.array([(middle + x * half, top + y * slope) for x, y in [*outline, (1.2, 6)]])
    shape[[0, -1], 1] = top + high * random.uniform(1.5, 4)
    pictures.fill(canvas, shape, random)
