"""The part of the picture that is looked at, and which way is up."""

from __future__ import annotations

import cv2
import numpy as np

from edge.config import seen as config
from edge.runtime.frame import Image

WHOLE = (0.0, 0.0, 1.0, 1.0)
"""The region that leaves nothing out."""

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class View:
    """Cuts the region, turns it clockwise, then mirrors it, as the settings ask."""

    def __init__(self, settings: config.Source) -> None:
        self.region = settings.region
        self.rotate_deg = settings.rotate_deg
        self.mirror = settings.mirror

    def of(self, picture: Image) -> Image:
        """Height × width × 3 → the part that is looked at; copied only if it is turned."""
        return self.upright(self.cut(picture))

    def cut(self, picture: Image) -> Image:
        """The region, a view of the same pixels; at least one pixel."""
        height, width = picture.shape[:2]
        x, y, right, lower = self._edges(width, height)
        return picture[y:lower, x:right]

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of what `of` makes of a picture of this size."""
        x, y, right, lower = self._edges(width, height)
        size = right - x, lower - y
        return (size[1], size[0]) if self.rotate_deg in (90, 270) else size

    def upright(self, picture: Image) -> Image:
        """Turned and mirrored; the picture itself where neither is asked."""
        if self.rotate_deg:
            picture = np.asarray(cv2.rotate(picture, TURNS[self.rotate_deg]), np.uint8)
        if self.mirror:
            picture = np.asarray(cv2.flip(picture, 1), np.uint8)
        return picture

    def _edges(self, width: int, height: int) -> tuple[int, int, int, int]:
        left, top, across, down = self.region
        x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
        right = max(round((left + across) * width), x + 1)
        return x, y, right, max(round((top + down) * height), y + 1)


AS_IT_IS = View(config.Source())
"""The whole picture, not turned."""
