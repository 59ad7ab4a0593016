"""Keeps the device inside its temperature and its share of the processor.

It lowers the rate at which faces are looked for, in steps, and raises it again when that is long
enough unnecessary. In between faces are followed by prediction, so that nobody is lost at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from edge.config.people import Governor as Settings
from edge.host import readings

log = logging.getLogger("governor")

STEPS = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Shares of the configured rate."""

CHECK_S = 5.0
SETTLE_S = 20.0
"""After a step down, before the next: a heat sink answers slowly."""

RECOVER_S = 60.0
"""How long all must be well before a step up."""

COOLER_CELSIUS = 5.0
"""Well means this much below the limit, so that it does not swing."""


class Reading(NamedTuple):
    """The machine now: None where it cannot tell. `cores`: processor time per second of ours."""

    temperature_celsius: float | None
    throttled: bool | None
    cores: float


class Governor:
    """Gives the rate of detection that the machine bears; `fps` is what is allowed now."""

    def __init__(
        self,
        settings: Settings,
        fps_max: float,
        read: Callable[[], Reading] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._fps_max = fps_max
        self._read = read or Machine()
        self._clock = clock
        self._step = 0
        self._due_s = clock() + CHECK_S
        self._lowered_s = self._trouble_s = clock() - SETTLE_S

    @property
    def fps(self) -> float:
        """Detections a second at most."""
        return self._fps(self._step)

    def tick(self) -> float:
        """Call often; looks at the machine every few seconds. The rate allowed now."""
        now_s = self._clock()
        if now_s >= self._due_s:
            self._due_s = now_s + CHECK_S
            self._judge(self._read(), now_s)
        return self.fps

    def _judge(self, reading: Reading, now_s: float) -> None:
        trouble = self._trouble(reading)
        if trouble or not self._would_bear_more(reading):
            self._trouble_s = now_s
        if trouble and now_s - self._lowered_s >= SETTLE_S:
            self._lower(trouble, now_s)
        elif self._step and now_s - self._trouble_s >= RECOVER_S:
            self._step -= 1
            self._trouble_s = now_s
            log.info("looking for faces up to %.3g times a second again", self.fps)

    def _lower(self, trouble: str, now_s: float) -> None:
        lower = min(self._step + 1, len(STEPS) - 1)
        if self._fps(lower) < self.fps:
            self._step, self._lowered_s = lower, now_s
            log.warning("%s: looking for faces at most %.3g times a second", trouble, self.fps)

    def _trouble(self, reading: Reading) -> str:
        """What is too much, in words; nothing if all is well enough."""
        heat, limit = reading.temperature_celsius, self._settings.temperature_max_celsius
        if heat is not None and heat >= limit:
            return f"{heat:.0f} °C"
        if reading.throttled:
            return "the firmware slows the processor down"
        cores = self._settings.cores_max
        if cores is not None and reading.cores > cores:
            return f"{reading.cores:.2f} of {cores:g} cores"
        return ""

    def _would_bear_more(self, reading: Reading) -> bool:
        """Whether the next faster step is likely to be borne."""
        heat, limit = reading.temperature_celsius, self._settings.temperature_max_celsius
        if heat is not None and heat > limit - COOLER_CELSIUS:
            return False
        cores = self._settings.cores_max
        if cores is None or not self._step:
            return True
        return reading.cores * self._fps(self._step - 1) / self.fps < cores

    def _fps(self, step: int) -> float:
        floor = min(self._settings.detect_fps_min, self._fps_max)
        return max(self._fps_max * STEPS[step], floor)


class Machine:
    """Reads this machine; `cores` is the mean since the last reading."""

    def __init__(self) -> None:
        self._wall_s, self._own_s = time.monotonic(), time.process_time()

    def __call__(self) -> Reading:
        """The machine now."""
        wall_s, own_s = time.monotonic(), time.process_time()
        cores = (own_s - self._own_s) / max(wall_s - self._wall_s, 1e-3)
        self._wall_s, self._own_s = wall_s, own_s
        return Reading(readings.temperature_celsius(), readings.throttled(), cores)
