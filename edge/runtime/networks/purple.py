"""Purple pictures, as cameras without an infra-red filter give them: for networks of colours.

Near infra-red passes all three colour filters of a sensor, green least. So it lies over the picture
as a purple haze, and takes its contrast. What lies over every pixel is taken away again, channel by
channel, and the channels are made equally bright, as `python -m benchmarks.detectors far --purple`
shows.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.runtime.frame import Image

STEP_PX = 8
"""Of each 8 × 8 pixels one is looked at."""
APART = 8
"""Levels by which green lies below both others in a purple pixel."""
PURPLE_SHARE = 0.55
"""Of more purple pixels the light is; pictures of ordinary light have fewer, people in pink too."""
DARKEST = 0.02
"""This share of a channel's pixels may be cut to black: some are in the shade of everything."""


def haze_of(picture: Image) -> Image | None:
    """What takes the haze off a picture, height × width × 3 uint8 BGR or RGB; None for others.

    A table for `clear`, 1 × 256 × 3 uint8, that holds for pictures of the same light.
    """
    some = picture[::STEP_PX, ::STEP_PX].reshape(-1, 3)
    outer = np.minimum(some[:, 0], some[:, 2])
    purple = cv2.subtract(outer, np.ascontiguousarray(some[:, 1])) > APART
    if np.count_nonzero(purple) <= PURPLE_SHARE * len(some):
        return None
    black = np.quantile(some, DARKEST, axis=0)
    means = some.mean(axis=0)
    gains = means.mean() / np.maximum(means - black, 1)
    table = (np.arange(256)[:, None] - black) * gains
    return np.asarray(np.clip(np.rint(table), 0, 255)[None], np.uint8)


def clear(picture: Image, table: Image) -> Image:
    """The picture without the haze."""
    return np.asarray(cv2.LUT(picture, table), np.uint8)
