"""What is no face and looks a little like one, and what hides a part of one."""

from __future__ import annotations

import cv2
import numpy as np

from converters.detect_train import compositing
from converters.detect_train.backgrounds import Pictures
from converters.detect_train.chips import Chips
from edge.runtime.frame import Image


def add(canvas: Image, pictures: Pictures, chips: Chips, random: np.random.Generator) -> None:
    """Draw one thing that is no face at a random place."""
    kind = random.random()
    place = random.uniform((0, 0), (canvas.shape[1], canvas.shape[0]))
    size = float(np.exp(random.uniform(np.log(8), np.log(110))))
    if kind < 0.2:
        _part(canvas, chips, place, size, random)
    elif kind < 0.5:
        pictures.stamp(canvas, place, size, random)
    elif kind < 0.6:
        _hand(canvas, place, size, random)
    elif kind < 0.7:
        _ellipse(canvas, place, size, random)
    elif kind < 0.8:
        _skull(canvas, place, size, random)
    elif kind < 0.9:
        _text(canvas, place, size, random)
    else:
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 9)))
        outline = np.stack((np.cos(angles), np.sin(angles)), 1)
        pictures.fill(canvas, place + outline * size * random.uniform(0.5, 1), random)


def bar(
    canvas: Image, box: compositing.Floats, pictures: Pictures, random: np.random.Generator
) -> None:
    """Something in front of the face in `box` (corners): a post, a shelf, a hand."""
    centre = random.uniform(box[:2], box[2:])
    half = (box[2:] - box[:2]) * random.uniform(0.1, 0.5, 2)
    if random.random() < 0.4:
        half[random.integers(2)] *= 8
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half + centre
    pictures.fill(canvas, corners, random)


def _part(
    canvas: Image, chips: Chips, place: np.ndarray, size: float, random: np.random.Generator
) -> None:
    """A corner of a face's picture: hair, an ear, a collar, whatever was behind."""
    picture = chips.draw(random, 2 * size).picture
    side = int(picture.shape[0] * random.uniform(0.2, 0.42))
    picture = np.rot90(picture, 2) if random.random() < 0.5 else picture[:, ::-1]
    part = picture[: max(side, 2), : max(side, 2)]
    scale = size / part.shape[0]
    shift = place - size / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    mask = np.full(part.shape[:2], 255, np.uint8)
    compositing.lay(canvas, np.ascontiguousarray(part), matrix, mask)


def _skin(random: np.random.Generator) -> np.ndarray:
    tone = random.uniform(0.2, 1)
    return np.array((140, 170, 225)) * tone + random.normal(0, 12, 3)


def _ellipse(canvas: Image, place: np.ndarray, size: float, random: np.random.Generator) -> None:
    """Skin without features, half of it hair: the back of a head, a hand, a knee."""
    axes = (size, size * random.uniform(0.7, 1.6))
    colour = _skin(random) if random.random() < 0.7 else random.uniform(0, 90, 3)
    angle = float(random.uniform(0, 180))
    box = (tuple(map(float, place)), axes, angle)
    cv2.ellipse(canvas, box, tuple(map(float, colour)), -1, cv2.LINE_AA)
    if random.random() < 0.5:
        hair = tuple(map(float, random.uniform(0, 90, 3)))
        middle = (int(place[0]), int(place[1]))
        half = (max(int(axes[0] / 2), 1), max(int(axes[1] / 2), 1))
        start = random.uniform(0, 360)
        reach = random.uniform(60, 250)
        cv2.ellipse(canvas, middle, half, angle, start, start + reach, hair, -1, cv2.LINE_AA)


def _hand(canvas: Image, place: np.ndarray, size: float, random: np.random.Generator) -> None:
    """Fingers side by side in skin with dark lines between: a hand, a fist, bare legs."""
    skin = _skin(random)
    angle = random.uniform(0, 2 * np.pi)
    along = np.array((np.cos(angle), np.sin(angle)))
    beside = np.array((-along[1], along[0]))
    count = int(random.integers(2, 6))
    wide = size / count
    for finger in range(count):
        centre = place + beside * wide * (finger - count / 2) * 0.85
        long = size * random.uniform(0.5, 1.3)
        shade = tuple(map(float, skin * random.uniform(0.75, 1.1)))
        box = (tuple(map(float, centre)), (long, wide), float(np.degrees(angle)))
        cv2.ellipse(canvas, box, shade, -1, cv2.LINE_AA)
        dark = tuple(map(float, skin * random.uniform(0.3, 0.7)))
        cv2.ellipse(canvas, box, dark, max(int(size / 40), 1), cv2.LINE_AA)


def _skull(canvas: Image, place: np.ndarray, size: float, random: np.random.Generator) -> None:
    """A printed skull or mask: pale bone, holes for the eyes and the nose, teeth."""
    bone = np.full(3, random.uniform(120, 255)) + random.normal(0, 8, 3)
    hole = random.uniform(0, 70, 3)
    pale, dark = tuple(map(float, bone)), tuple(map(float, hole))
    x, y = place
    wide, high = size, size * random.uniform(1.1, 1.5)
    if random.random() < 0.6:
        cv2.ellipse(canvas, ((x, y), (2.2 * wide, 2.4 * high), 0), dark, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, ((x, y - 0.1 * high), (wide, 0.8 * high), 0), pale, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, ((x, y + 0.3 * high), (0.6 * wide, 0.5 * high), 0), pale, -1, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (x + side * 0.22 * wide, y)
        cv2.ellipse(canvas, (eye, (0.28 * wide, 0.25 * high), 0), dark, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, ((x, y + 0.2 * high), (0.1 * wide, 0.16 * high), 0), dark, -1, cv2.LINE_AA)
    for column in range(-2, 3):
        start = (int(x + column * 0.09 * wide), int(y + 0.35 * high))
        cv2.line(canvas, start, (start[0], int(y + 0.5 * high)), dark, max(int(size / 40), 1))


def _text(canvas: Image, place: np.ndarray, size: float, random: np.random.Generator) -> None:
    letters = "".join(chr(c) for c in random.integers(48, 91, random.integers(1, 9)))
    colour = tuple(map(float, random.uniform(0, 255, 3)))
    where = (int(place[0] - size), int(place[1]))
    face = int(random.integers(0, 8))
    cv2.putText(canvas, letters, where, face, size / 30, colour, max(int(size / 14), 1))
