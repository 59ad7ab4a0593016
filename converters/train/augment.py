"""A stored chip → the crop a camera might have given: turned, shrunken, blurred, badly lit.

All pictures are RGB uint8, size × size × 3. Each change draws from the generator it is given, so
a run with the same seed sees the same pictures.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from converters.train.settings import Augment
from edge.runtime.frame import Image

Grid = NDArray[np.float32]


def augmented(chip: Image, size: int, reach: float, how: Augment, random: Generator) -> Image:
    """One random crop of `size` pixels from a chip whose side is `reach` crops."""
    face = _framed(chip, size, reach, how, random)
    if random.random() < 0.5:
        face = _image(cv2.flip(face, 1))
    face = _lit(face, how, random)
    if how.dark and random.random() < how.dark:
        face = _dark(face, random)
    face = _degraded(face, how, random)
    if random.random() < how.occlusion:
        _occlude(face, random)
    if random.random() < how.grey:
        face = _grey(face)
    return face


def plain(chip: Image, size: int, reach: float) -> Image:
    """The crop of `size` pixels that nothing was done to."""
    return _warped(chip, reach, size, (0.0, 1.0, 0.0, 0.0))


def _framed(chip: Image, size: int, reach: float, how: Augment, random: Generator) -> Image:
    """Turned, scaled and shifted as detectors misplace landmarks; sometimes from few pixels."""
    turn = random.normal(0, how.turn_degrees)
    scale = float(np.exp(random.normal(0, how.scale)))
    shift = random.normal(0, how.shift, 2)
    inner = size
    if random.random() < how.small:
        inner = min(size, int(random.integers(how.small_px[0], how.small_px[1] + 1)))
    face = _warped(chip, reach, inner, (turn, scale, *shift))
    if inner < size:
        if how.small_worn and random.random() < how.small_worn:
            face = _worn(face, how, random)
        face = _image(cv2.resize(face, (size, size), interpolation=cv2.INTER_LINEAR))
    return face


def _worn(face: Image, how: Augment, random: Generator) -> Image:
    """A face of few pixels out of focus or moved, noisy, packed hard: each more often than not."""
    if random.random() < 0.7:
        face = _image(cv2.GaussianBlur(face, (0, 0), random.uniform(*how.small_blur_px)))
    if random.random() < 0.3:
        length = int(random.integers(2, 5))
        face = _image(cv2.blur(face, (length, 1)))
    if random.random() < 0.5:
        face = _noisy(face, random.uniform(2, 10), random)
    if random.random() < 0.5:
        face = _packed(face, int(random.integers(20, 70)))
    return face


def _warped(
    chip: Image, reach: float, inner: int, pose: tuple[float, float, float, float]
) -> Image:
    """`inner` pixels wide: the middle of the chip, turned (degrees), scaled, shifted (crops)."""
    turn, scale, right, down = pose
    side = chip.shape[0]
    factor = inner * reach / side * scale
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), turn, factor)
    matrix[:, 2] += (inner - side) / 2 + inner * np.array([right, down])
    area = inner * reach / side < 0.5
    if area:
        chip = _image(cv2.resize(chip, (side // 2, side // 2), interpolation=cv2.INTER_AREA))
        # Pixel i of the halved chip covers 2i and 2i + 1 of the whole one.
        matrix[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5])
        matrix[:, :2] *= 2
    return _image(
        cv2.warpAffine(
            chip, matrix, (inner, inner), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _lit(face: Image, how: Augment, random: Generator) -> Image:
    """Other exposure, contrast, gamma and white balance; sometimes light from behind."""
    levels = np.arange(256, dtype=np.float32) / 255
    gamma = float(np.exp(random.normal(0, how.light)))
    contrast = float(np.exp(random.normal(0, how.light * 0.7)))
    bright = random.normal(0, how.light * 0.4)
    tint = np.exp(random.normal(0, how.light * 0.2, 3)).astype(np.float32)
    curve = ((levels**gamma)[:, None] - 0.5) * contrast + 0.5 + bright
    table = np.clip(curve * tint * 255, 0, 255).astype(np.uint8)
    face = _image(cv2.LUT(face, table[:, None, :]))
    return _backlit(face, random) if random.random() < how.backlight else face


def _backlit(face: Image, random: Generator) -> Image:
    """Darker towards one random side, down to a quarter of the light."""
    size = face.shape[0]
    angle = random.uniform(0, 2 * np.pi)
    x: Grid = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    ramp = 0.65 + 0.9 * (np.cos(angle) * x[None, :] + np.sin(angle) * x[:, None])
    return _image(np.clip(face * np.clip(ramp, 0.25, 1.3)[..., None], 0, 255).astype(np.uint8))


def _dark(face: Image, random: Generator) -> Image:
    """A third to a tenth of the light, with what noise a sensor adds; half of the time the camera
    brings it back by gain, noise and all.
    """
    light = float(np.exp(random.uniform(np.log(0.1), np.log(0.35))))
    little = face * light + random.normal(0, random.uniform(1, 4), face.shape)
    gain = random.uniform(1, 0.8 / light) if random.random() < 0.5 else 1.0
    return np.clip(little * gain, 0, 255).astype(np.uint8)


def _noisy(face: Image, deviation: float, random: Generator) -> Image:
    noise = random.normal(0, deviation, face.shape)
    return np.clip(face + noise, 0, 255).astype(np.uint8)


def _packed(face: Image, quality: int) -> Image:
    """As JPEG of this quality brings it back."""
    _, packed = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _image(cv2.imdecode(packed, cv2.IMREAD_COLOR))


def _degraded(face: Image, how: Augment, random: Generator) -> Image:
    """Blur (of focus or of motion), sensor noise, JPEG blocks."""
    if random.random() < how.blur:
        if random.random() < 0.5:
            face = _image(cv2.GaussianBlur(face, (0, 0), random.uniform(0.4, 1.6)))
        else:
            length = int(random.integers(2, 6))
            shape = (length, 1) if random.random() < 0.7 else (1, length)
            face = _image(cv2.blur(face, shape))
    if random.random() < how.noise:
        face = _noisy(face, random.uniform(2, 14), random)
    if random.random() < how.jpeg:
        face = _packed(face, int(random.integers(25, 85)))
    return face


def _occlude(face: Image, random: Generator) -> None:
    """Cover, in place: a mask over mouth and chin, dark glasses, or something held before it."""
    size = face.shape[0]
    colour = random.integers(0, 256, 3)
    kind = random.random()
    if kind < 0.3:
        top = int(size * random.uniform(0.5, 0.62))
        face[top:, int(size * 0.12) : int(size * 0.88)] = colour
    elif kind < 0.5:
        top = int(size * random.uniform(0.26, 0.32))
        height = max(2, int(size * random.uniform(0.08, 0.16)))
        face[top : top + height, int(size * 0.16) : int(size * 0.84)] = colour // 4
    else:
        wide, tall = (int(size * v) for v in random.uniform(0.12, 0.4, 2))
        left, top = int(random.integers(0, size - wide)), int(random.integers(0, size - tall))
        face[top : top + tall, left : left + wide] = colour


def _grey(face: Image) -> Image:
    return _image(cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def _image(pixels: Any) -> Image:
    """What OpenCV gave back, typed; nothing is copied."""
    return np.asarray(pixels, np.uint8)
