"""Sharpness of a face, from the small frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.runtime.frame import Box
from edge.runtime.people.sharpness import sharpness_of
from tests.shared import frame_of

BOX = Box(100, 100, 80, 100)


def picture(blur_px: float = 0.0, contrast: float = 1.0) -> np.ndarray:
    noise = np.random.default_rng(1).integers(0, 255, (75, 100, 3), np.uint8)
    large = cv2.resize(noise, (400, 300), interpolation=cv2.INTER_CUBIC)
    blurred = cv2.GaussianBlur(large, (0, 0), blur_px) if blur_px else large
    return (128 + (blurred.astype(float) - 128) * contrast).clip(0, 255).astype(np.uint8)


def test_blur_lowers_it():
    """More blur, less sharpness, always within 0 to 1."""
    values = [sharpness_of(frame_of(picture(blur)), BOX) for blur in (0, 3, 6, 12)]
    assert values == sorted(values, reverse=True)
    assert 0 <= values[-1] < 0.6 * values[0] < 1


def test_dim_light_does_not():
    """A third of the contrast is the same face."""
    bright, dim = (sharpness_of(frame_of(picture(2, c)), BOX) for c in (1.0, 0.33))
    assert dim == pytest.approx(bright, rel=0.15)


@pytest.mark.parametrize("box", [Box(-500, 0, 50, 50), Box(0, 0, 0.5, 0.5), Box(399, 299, 90, 90)])
def test_a_box_outside_the_frame_is_not_sharp(box: Box):
    """And no error."""
    assert sharpness_of(frame_of(picture()), box) == 0
