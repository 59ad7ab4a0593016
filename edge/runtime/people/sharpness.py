"""How sharp a face is, from the frame the detector sees: no crop of the full frame is needed."""

from __future__ import annotations

import cv2

from edge.runtime.frame import Box, Frame

SIDE_PX = 32
"""Faces are compared at this size: finer detail than the networks use does not matter."""

HALF = 0.12
"""Detail over contrast at which a face counts as half sharp."""


def sharpness_of(frame: Frame, box: Box) -> float:
    """The box's sharpness, 0..1: the variance of its Laplacian over that of its brightness.

    The ratio takes the contrast out (a dim face may be sharp); after Pech-Pacheco et al.,
    *Diatom autofocusing in brightfield microscopy*, 2000.
    """
    small = frame.small
    height, width = small.shape[:2]
    scale_x, scale_y = width / frame.full_width, height / frame.full_height
    left, right = max(int(box.left * scale_x), 0), min(int(box.right * scale_x) + 1, width)
    top, bottom = max(int(box.top * scale_y), 0), min(int(box.bottom * scale_y) + 1, height)
    if right - left < 2 or bottom - top < 2:
        return 0.0
    face = cv2.resize(
        small[top:bottom, left:right], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA
    )
    grey = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    detail = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))[1][0, 0]) ** 2
    contrast = float(cv2.meanStdDev(grey)[1][0, 0]) ** 2
    ratio = detail / (contrast + 25.0)
    return ratio / (ratio + HALF)
