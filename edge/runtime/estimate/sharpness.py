"""How sharp a crop is, whatever its size and contrast: what a blurred one says is not believed."""

from __future__ import annotations

import cv2
import numpy as np

from edge.runtime.frame import Image

SIDE_PX = 24
"""Crops are compared at this size, at which eyes and mouth are a few pixels each."""


def sharpness(crop: Image) -> float:
    """Mean absolute Laplacian of a crop's brightness over its standard deviation.

    The crop is height × width × 3 (BGR or RGB) or × 1 (grey), uint8.

    At 24 × 24 pixels: about 0.7 for a portrait, 0.4 for one that was 16 pixels wide, below 0.2
    out of focus. The ratio takes the contrast out; the 2 keeps noise in a flat crop from counting.
    """
    small = cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    detail = cv2.Laplacian(grey, cv2.CV_32F)
    deviation = float(cv2.meanStdDev(grey)[1][0, 0])
    return float(np.abs(detail).mean()) / (deviation + 2)
