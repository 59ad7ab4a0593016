"""Where the time goes: exclusive time per stage, so that stages add up to the whole."""

from __future__ import annotations

import time
from collections.abc import Callable

STAGES = (
    "capture",
    "gate",
    "resize",
    "detect",
    "decode",
    "crop",
    "estimate",
    "track",
    "census",
    "publish",
    "rest",
)
"""Stages of a processed frame. detect and estimate are the networks' invocations alone."""

WAITING = "wait"
"""The stage in which a frame is waited for or paced; no part of a frame's cost."""


class Stage:
    """What `Meter.stage` gives for `with`; kept and used again, for it is entered many times."""

    __slots__ = ("_meter", "_name")

    def __init__(self, meter: Meter, name: str) -> None:
        self._meter = meter
        self._name = name

    def __enter__(self) -> None:
        meter = self._meter
        meter._outer.append(meter._current)
        meter._switch(self._name)

    def __exit__(self, *_: object) -> None:
        meter = self._meter
        meter._switch(meter._outer.pop())


class Meter:
    """Adds up seconds per stage; a stage inside another is not counted twice."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.frames = 0
        self._clock = clock
        self._stages: dict[str, Stage] = {}
        self._outer: list[str] = []
        self._current = "rest"
        self._since = clock()
        self._spent: dict[str, float] = {}

    def stage(self, name: str) -> Stage:
        """Count what runs inside `with` under `name`."""
        stage = self._stages.get(name)
        if stage is None:
            stage = self._stages[name] = Stage(self, name)
        return stage

    def take(self) -> tuple[int, dict[str, float]]:
        """Frames and seconds per stage since the last call, starting anew."""
        self._switch(self._current)
        frames, spent = self.frames, self._spent
        self.frames, self._spent = 0, {}
        return frames, spent

    def _switch(self, name: str) -> None:
        now = self._clock()
        current, spent = self._current, self._spent
        spent[current] = spent.get(current, 0.0) + now - self._since
        self._since = now
        self._current = name
