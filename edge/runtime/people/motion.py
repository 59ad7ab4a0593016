"""How a face moves: a Kalman filter of three independent axes, in plain floats.

Each axis (centre x, centre y, logarithm of the width) has a position and a velocity under white
acceleration (Bar-Shalom, Li, Kirubarajan, *Estimation with Applications to Tracking and
Navigation*, 2001, 6.2.2). A handful of two-by-two filters written out in floats costs a small
Arm core less than one call into a matrix library. Everything is scaled to the face's width, so
that near and far faces obey the same constants.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from edge.runtime.frame import Box, Point

POSITION_NOISE = 0.06
"""Standard deviation of a detected box's centre, in face widths."""

SIZE_NOISE = 0.08
"""Standard deviation of the logarithm of a detected box's width."""

FLOOR_PX = 1.0
"""What a detector's boxes jitter at least, in pixels of a picture 640 wide: small faces' boxes are
no finer than the network's cells."""

SPEED_START = 4.0
"""Standard deviation of an unseen velocity, face widths a second; a face 0.16 m wide that walks
across at 1.4 m/s makes 9."""

ACCELERATION = 2.5
"""Square root of the acceleration's spectral density, face widths / s^1.5."""

SIZE_ACCELERATION = 0.15
"""The same for the logarithm of the width."""

DECAY_S = 0.3
"""Time constant with which the velocity of a lost face decays, since it may have stopped or turned;
it flies on by this times its velocity at most (a Singer model's manoeuvre time: Singer, *Estimating
optimal tracking filter performance for manned maneuvering targets*, 1970)."""

CORRELATED_S = 0.06
"""What a detector errs by in one look, it errs by in the next: detections nearer in time than this
share their errors (of boxes, by .4 after a thirtieth of a second and by nothing after a fifteenth),
and so many a second tell no more than one each so often."""

ASPECT_GAIN = 0.2
"""How fast the smoothed height/width follows the detected one."""


class Axis:
    """One coordinate with its velocity; `p` is the upper triangle of their covariance."""

    __slots__ = ("p00", "p01", "p11", "position", "velocity")

    def __init__(self, position: float, variance: float, speed_variance: float) -> None:
        self.position = position
        self.velocity = 0.0
        self.p00 = variance
        self.p01 = 0.0
        self.p11 = speed_variance

    def predict(self, dt_s: float, density: float, kept: float = 1.0) -> None:
        """Move by `dt_s` seconds; `density` is the acceleration's, squared units / s³.

        `kept` is the share of the velocity that is left afterwards.
        """
        reach_s = dt_s if kept == 1.0 else DECAY_S * (1 - kept)
        self.position += self.velocity * reach_s
        self.velocity *= kept
        self.p00 += reach_s * (2 * self.p01 + reach_s * self.p11) + density * dt_s**3 / 3
        self.p01 = kept * (self.p01 + reach_s * self.p11) + density * dt_s**2 / 2
        self.p11 = kept * kept * self.p11 + density * dt_s

    def update(self, measured: float, variance: float) -> None:
        """Correct by a measurement."""
        total = self.p00 + variance
        gain, speed_gain = self.p00 / total, self.p01 / total
        surprise = measured - self.position
        self.position += gain * surprise
        self.velocity += speed_gain * surprise
        self.p11 -= speed_gain * self.p01
        self.p00 *= 1 - gain
        self.p01 *= 1 - gain


class Expectation(NamedTuple):
    """Where a detection is expected: centre, logarithm of the width, and their variances.

    `log_determinant` is the covariance's, in face widths, so that faces of all sizes compare.
    """

    x: float
    y: float
    size: float
    s_x: float
    s_y: float
    s_size: float
    log_determinant: float


class Motion:
    """Where a face is expected, with how much doubt."""

    __slots__ = (
        "_aspect",
        "_box",
        "_floor_px",
        "_measured_s",
        "_size",
        "_time_s",
        "_x",
        "_y",
        "width",
    )

    def __init__(self, box: Box, time_s: float, floor_px: float = 0.0) -> None:
        """`floor_px` is the least jitter of a box, in the frame's pixels."""
        self._floor_px = floor_px
        x, y = box.centre
        noise, size_noise = self._noise(box.width)
        speed = (SPEED_START * box.width) ** 2
        self._x = Axis(x, noise, speed)
        self._y = Axis(y, noise, speed)
        self._size = Axis(math.log(max(box.width, 1.0)), size_noise, 1.0)
        self._aspect = box.height / max(box.width, 1.0)
        self._time_s = time_s
        self._measured_s = -math.inf
        self._box: Box | None = None
        """Made when it is asked for: several ask between two frames."""
        self.width = self._bounded_width()
        """Expected width, pixels."""

    def predict(self, time_s: float, *, lost: bool = False) -> None:
        """Move the expectation to `time_s`; an earlier time changes nothing.

        `lost`: a look did not show the face where it was expected.
        """
        dt_s = time_s - self._time_s
        if dt_s <= 0:
            return
        kept = math.exp(-dt_s / DECAY_S) if lost else 1.0
        density = (ACCELERATION * self.width) ** 2
        self._x.predict(dt_s, density, kept)
        self._y.predict(dt_s, density, kept)
        self._size.predict(dt_s, SIZE_ACCELERATION**2, kept)
        self._time_s = time_s
        self._moved()

    def update(self, box: Box) -> None:
        """Correct by a detection at the time last predicted to.

        One that follows on another at once shares its error, and is believed the less: noise that
        is correlated in time, as white noise of the same density (Bar-Shalom et al., 8.2).
        """
        x, y = box.centre
        since_s, self._measured_s = self._time_s - self._measured_s, self._time_s
        noise, size_noise = self._noise(box.width)
        if 0 < since_s < CORRELATED_S:
            shared = CORRELATED_S / since_s
            noise, size_noise = noise * shared, size_noise * shared
        self._x.update(x, noise)
        self._y.update(y, noise)
        self._size.update(math.log(max(box.width, 1.0)), size_noise)
        self._aspect += ASPECT_GAIN * (box.height / max(box.width, 1.0) - self._aspect)
        self._moved()

    def _moved(self) -> None:
        self.width, self._box = self._bounded_width(), None

    def _noise(self, width: float) -> tuple[float, float]:
        """Variances of a detected centre (square pixels) and of a width's logarithm."""
        floor = self._floor_px / max(width, 1.0)
        return (POSITION_NOISE * width) ** 2 + self._floor_px**2, SIZE_NOISE**2 + floor**2

    def _bounded_width(self) -> float:
        """From the logarithm; bounded, since a lost face's size is extrapolated."""
        return math.exp(min(max(self._size.position, 0.0), 9.0))

    @property
    def speed(self) -> float:
        """How fast the centre moves, in face widths a second."""
        return math.hypot(self._x.velocity, self._y.velocity) / self.width

    @property
    def growth(self) -> float:
        """How fast the logarithm of the width grows, per second."""
        return self._size.velocity

    @property
    def velocity(self) -> Point:
        """Of the centre, pixels a second."""
        return Point(self._x.velocity, self._y.velocity)

    @property
    def centre(self) -> Point:
        """Expected centre."""
        return Point(self._x.position, self._y.position)

    def has_left(self, width: float, height: float) -> bool:
        """Whether the centre is expected outside a picture of this size, and further away."""
        return any(
            (axis.position < 0 and axis.velocity < 0)
            or (axis.position > size and axis.velocity > 0)
            for axis, size in ((self._x, width), (self._y, height))
        )

    @property
    def box(self) -> Box:
        """Expected box."""
        if self._box is None:
            width, height = self.width, self.width * self._aspect
            left, top = self._x.position - width / 2, self._y.position - height / 2
            self._box = Box(left, top, width, height)
        return self._box

    @property
    def expectation(self) -> Expectation:
        """What a detection is compared with."""
        x, y, size = self._x, self._y, self._size
        scale = self.width**2
        noise, size_noise = self._noise(self.width)
        s_x, s_y, s_size = x.p00 + noise, y.p00 + noise, size.p00 + size_noise
        log_determinant = math.log(s_x * s_y * s_size / scale**2)
        return Expectation(x.position, y.position, size.position, s_x, s_y, s_size, log_determinant)
