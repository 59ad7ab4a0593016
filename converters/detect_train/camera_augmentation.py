"""What a camera, its light and its file format do to a scene; drawn anew at every use."""

from __future__ import annotations

import cv2
import numpy as np

from edge.runtime.frame import Image


def camera_augmented(picture: Image, random: np.random.Generator) -> Image:
    """Another exposure, tint, focus, noise and compression of a BGR picture."""
    steps = np.arange(256, dtype=np.float32)
    gain, tint = np.exp(random.normal(0, 0.25)), np.exp(random.normal(0, 0.06, 3))
    shift = random.normal(0, 12)
    gamma = np.exp(random.normal(0, 0.2))
    curve = 255 * (steps / 255) ** gamma * gain + shift
    table = np.clip(curve[None, :, None] * tint, 0, 255).astype(np.uint8)
    picture = np.asarray(cv2.LUT(picture, table), np.uint8)
    chance = random.random(5)
    if chance[0] < 0.12:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if chance[1] < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.2))
    elif chance[1] < 0.25:
        picture = cv2.blur(picture, (int(random.integers(2, 5)), 1))
    if chance[2] < 0.2:
        noise = random.normal(0, random.uniform(2, 14), picture.shape[:2])
        picture = np.clip(picture + noise[..., None], 0, 255).astype(np.uint8)
    if chance[3] < 0.3:
        _, content = cv2.imencode(".jpg", picture, [1, int(random.integers(30, 95))])
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    elif chance[4] < 0.2:
        picture = cv2.addWeighted(picture, -0.5, cv2.GaussianBlur(picture, (0, 0), 1), 1.5, 0)
        # Negative weights the wrong way round would blur; this sharpens what is left.
    return np.asarray(picture, np.uint8)
