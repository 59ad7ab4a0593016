"""The values that flow from light to counts: small, frozen, slotted.

Coordinates are pixels of the *full* frame, x to the right and y down, unless a name says
otherwise. `captured_s` and every other duration is on the source's monotonic timeline.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]

Distance: TypeAlias = Literal["near", "middle", "far"]
"""How close a person came, from the size of the face against the frame."""


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


class Span(NamedTuple):
    """Columns of the full frame, pixels; they may reach past its edges.

    `shrunk`: they are looked at in a smaller picture, though tiles would show them whole.
    """

    left: float
    right: float
    shrunk: bool = False

    def with_all(self, others: Iterable[Span]) -> Span:
        """The columns from the leftmost of all to the rightmost."""
        spans = (self, *others)
        return Span(min([span.left for span in spans]), max([span.right for span in spans]))


EVERYWHERE = Span(-math.inf, math.inf)


class Tile(NamedTuple):
    """A rectangle of the full frame, pixels, that is looked at without shrinking it."""

    left: float
    top: float
    width: float
    height: float

    def holds(self, box: Box, margin: float = 0.0) -> bool:
        """Whether a box lies in the tile, its own width times `margin` away from the edges."""
        edge = margin * box.width
        across = self.left <= box.left - edge and box.right + edge <= self.left + self.width
        down = self.top <= box.top - edge and box.bottom + edge <= self.top + self.height
        return across and down


Region: TypeAlias = Span | Tile
"""What one look covers: columns of the shrunken picture, or a tile with every pixel."""


REFERENCE_PX = 640
"""Width of the picture in whose pixels a face's size is judged below."""

SHRUNK_PX = 12.0
SHRUNK_SURE_PX = 32.0
"""Faces of the first width are never seen in the shrunken picture, of the second always."""


def seen_shrunk(box: Box, frame_width: float) -> float:
    """How surely a face is seen when the whole frame is shrunken for the network, 0..1."""
    width = box.width * REFERENCE_PX / frame_width
    return min(max((width - SHRUNK_PX) / (SHRUNK_SURE_PX - SHRUNK_PX), 0.0), 1.0)


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

    A camera that gives brightness and colour apart fills `small` only when `develop()` is called;
    `luma()` is its brightness alone, height × width uint8, which is all that most frames of an
    empty scene are asked for. Elsewhere `luma` is None and `small` is there from the start.
    """

    sequence: int
    captured_s: float
    small: Image
    full_width: int
    full_height: int
    full: Callable[[], Image]
    release: Callable[[], None] = lambda: None
    luma: Callable[[], Image] | None = None
    develop: Callable[[], None] = lambda: None


class ViewHealth(NamedTuple):
    """What is wrong with what a camera sees; the rules are in `edge.runtime.capture.view_health`.

    True: so. False: not so. The last two are None while too few faces were seen to tell.
    """

    dark: bool = False
    covered: bool = False
    frozen: bool = False
    blurred: bool = False
    moved: bool = False
    faces_too_small: bool | None = None
    faces_cut: bool | None = None


ALL_WELL = ViewHealth()
"""Nothing is known to be wrong."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one crop says: age in years and the probability of a woman; None = not estimated.

    `face` is the detector's score, 0..1, when it looked at the crop again; None where it did not,
    or where the crop is too blurred for a low score to mean anything. `face_chance` is the
    estimator's own probability that the crop shows a face; None where it says none.
    """

    age_years: float | None
    female: float | None
    face: float | None = None
    face_chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One person's stay in view, closed. Times in seconds on the source's timeline.

    `female` is None where the evidence does not reach the card's threshold, as is `age_years`.
    `gender_confidence` is a probability, ½ where there was no estimate; `age_spread_years` the
    standard deviation of the estimates, None where there was none. `places` holds the keys of
    the zones and lines to count the person in, with repetition for a line crossed again. What
    turned out to be no face is a visit with `is_face` false, and nobody.
    """

    first_seen_s: float
    last_seen_s: float
    attention_s: float = 0.0
    age_years: float | None = None
    age_spread_years: float | None = None
    female: bool | None = None
    gender_confidence: float = 0.5
    distance: Distance = "middle"
    places: tuple[str, ...] = ()
    is_face: bool = True

    @property
    def dwell_s(self) -> float:
        """How long the person was in view."""
        return self.last_seen_s - self.first_seen_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was counted between two moments, raw: it never leaves the process as it is.

    `start_s` and `end_s` are wall time; `window_s` and `observed_s` are monotonic durations.
    `cells` maps (gender, age band), both as in `edge.messages.bands`, to people; absent means none.
    `dwell_s` and `attention_s` are sums over `timed` people; `not_faces` were taken for people
    first. `passers` is None where they are not counted. For `shut_s` of it a privacy pause kept
    the camera closed.
    """

    start_s: float
    end_s: float
    clock_synced: bool
    window_s: float
    observed_s: float
    frames_seen: int = 0
    frames_skipped: int = 0
    cells: Mapping[tuple[str, str], int]
    places: Mapping[str, int]
    dwell_s: float = 0.0
    attention_s: float = 0.0
    present_max: int = 0
    present_mean: float = 0.0
    not_faces: int = 0
    passers: int | None = None
    view: ViewHealth = ALL_WELL
    """What was wrong with the view for at least half of the window's frames."""
    shut_s: float = 0.0
    untimed: int = 0
    """People of whom it is kept that they were there, and not how long: those of an earlier
    process, and with k above 1 those whose visit a pause cut."""
    emptied: bool = False
    """Whether whoever was counted in it is told with a later one, since a pause cut it short."""

    @property
    def people(self) -> int:
        """Everyone counted."""
        return sum(self.cells.values())

    @property
    def timed(self) -> int:
        """Those of whom it is known how long they stayed."""
        return self.people - self.untimed

    @property
    def open_s(self) -> float:
        """For how long no privacy pause kept anybody from being seen."""
        return self.window_s - self.shut_s
