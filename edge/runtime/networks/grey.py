"""Pictures without colour, as cameras give them at night: for networks that learnt from colours.

A network that learnt skin's colour looks for it. Lit by infra-red, or with its colours switched
off, a face has none; given a warm tint it is found again, as `python -m benchmarks.detectors far
--grey` shows. The detector's card holds the tint, where that helps it.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.runtime.frame import Image
from edge.runtime.networks.card_detector import Gain

STEP_PX = 8
"""Of each 8 × 8 pixels one is looked at."""
APART = 8
"""Levels between two channels of a pixel that make a colour; compression makes fewer."""
COLOURED_SHARE = 0.01
"""Of more coloured pixels the picture has colours; a time stamp on it has fewer."""


def is_grey(picture: Image) -> bool:
    """Whether a picture, height × width × 3 uint8 in any order of colours, has none."""
    some = np.ascontiguousarray(picture[::STEP_PX, ::STEP_PX])
    one, two, three = cv2.split(some)
    apart = cv2.max(cv2.absdiff(one, two), cv2.absdiff(two, three))
    coloured = cv2.countNonZero(cv2.threshold(apart, APART, 1, cv2.THRESH_BINARY)[1])
    return coloured <= COLOURED_SHARE * one.size


def tint(picture: Image, gain: Gain, *, rgb: bool) -> Image:
    """A grey picture, uint8, with its channels multiplied by the gain of blue, green and red.

    Its one channel is what is multiplied: that vector code does, a table it does not.
    """
    level = cv2.extractChannel(picture, 1)
    channels = [cv2.convertScaleAbs(level, alpha=each) for each in (gain[::-1] if rgb else gain)]
    return np.asarray(cv2.merge(channels), np.uint8)
