"""The values that flow from light to counts: small, frozen, slotted.

Coordinates are pixels of the *full* frame, x to the right and y down, unless a name says
otherwise. `captured_s` and every other duration is on the source's monotonic timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]


class Point(NamedTuple):
    """A place in the full frame, pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle, pixels of the full frame; it may reach past the frame's edge."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.top + self.height

    @property
    def centre(self) -> Point:
        """The middle of the rectangle."""
        return Point(self.left + self.width / 2, self.top + self.height / 2)

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def iou(self, other: Box) -> float:
        """Intersection over union with `other`, 0..1."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        if across <= 0 or down <= 0:
            return 0.0
        overlap = across * down
        return overlap / (self.area + other.area - overlap)


class Keypoints(NamedTuple):
    """Four landmarks every detector here can give. Right and left are the *subject's*.

    In an upright, unmirrored picture the right eye is therefore the one with the smaller x.
    """

    right_eye: Point
    left_eye: Point
    nose: Point
    mouth: Point


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one frame: where, how sure (0..1), and landmarks where there are any."""

    box: Box
    score: float
    keypoints: Keypoints | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of a source: `small` for the detector, `full` for the crops; both BGR uint8.

    `full()` maps the full-resolution picture, height × width × 3, and is called only when a
    face needs it. The arrays are valid until `release()`, which hands the camera its buffer
    back and must be called exactly once.
    """

    sequence: int
    captured_s: float
    small: Image
    full_width: int
    full_height: int
    full: Callable[[], Image]
    release: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one crop says: age in years and the probability of a woman; None = not estimated."""

    age_years: float | None
    female: float | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's stay in view, closed. Times in seconds on the source's timeline.

    `female` is None where the evidence does not reach the card's threshold, as is `age_years`.
    """

    first_seen_s: float
    last_seen_s: float
    attention_s: float
    age_years: float | None
    female: bool | None

    @property
    def dwell_s(self) -> float:
        """How long the person was in view."""
        return self.last_seen_s - self.first_seen_s
