"""Pictures without colour, as cameras give them at night: for networks that learnt from colours.

A network that learnt skin's colour looks for it. Lit by infra-red, or with its colours switched
off, a face has none; given a warm tint it is found again, as `python -m benchmarks.detectors far
--grey` shows. The detector's card holds the tint, where that helps it.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from edge.runtime.frame import Image
from edge.runtime.networks.card_detector import Gain

STEP_PX = 8
"""Of each 8 × 8 pixels one is looked at."""
APART = 8
"""Levels between a pixel's channels that make a colour; compression makes fewer."""
COLOURED_SHARE = 0.01
"""Of more coloured pixels the picture has colours; a time stamp on it has fewer."""


def is_grey(picture: Image) -> bool:
    """Whether a picture, height × width × 3 uint8 in any order of colours, has none."""
    some = picture[::STEP_PX, ::STEP_PX].reshape(-1, 3).astype(np.int16)
    spread = some.max(axis=1) - some.min(axis=1)
    return bool(np.count_nonzero(spread > APART) <= COLOURED_SHARE * len(some))


def tint(picture: Image, gain: Gain, *, rgb: bool) -> Image:
    """A grey picture, uint8, with its channels multiplied by the gain of blue, green and red."""
    return np.asarray(cv2.LUT(picture, _table(gain[::-1] if rgb else gain)), np.uint8)


@lru_cache(maxsize=4)
def _table(gain: Gain) -> Image:
    """256 × 1 × 3: each level times the gain, in the order of the channels."""
    levels = np.multiply.outer(np.arange(256.0), np.array(gain))[:, None]
    return np.asarray(levels.round().clip(0, 255), np.uint8)
