"""Where the time goes: exclusive time per stage, so that stages add up to the whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STAGES = ("capture", "resize", "detect", "decode", "crop", "estimate", "track", "rest")
"""Stages of a processed frame. detect and estimate are the networks' invocations alone."""

WAITING = "wait"
"""The stage of a loop that waits for a live camera; no part of a frame's cost."""


class Meter:
    """Adds up seconds per stage; a stage inside another is not counted twice."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.frames = 0
        self._clock = clock
        self._stage = "rest"
        self._since = clock()
        self._spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside under `name`."""
        outer = self._switch(name)
        try:
            yield
        finally:
            self._switch(outer)

    def take(self) -> tuple[int, dict[str, float]]:
        """Frames and seconds per stage since the last call, starting anew."""
        self._switch(self._stage)
        frames, spent = self.frames, self._spent
        self.frames, self._spent = 0, {}
        return frames, spent

    def _switch(self, name: str) -> str:
        now = self._clock()
        self._spent[self._stage] = self._spent.get(self._stage, 0.0) + now - self._since
        self._since = now
        outer, self._stage = self._stage, name
        return outer
