"""What of `health` follows the load, and so who is in view: rates, times, heat, power, memory.

Every few seconds these would tell nobody from one person. While k is above 1 they are told once a
window instead, of the whole window, and the stages' times only of one with at least k people.
Beside noise, which no exact number may accompany, what follows who is in view is not told at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.config.told import Privacy
from edge.host import readings
from edge.runtime.loop import Loop
from edge.runtime.meter import Meter

STAGES = {
    "capture": ("capture",),
    "detect": ("gate", "resize", "detect", "decode"),
    "people": ("track", "census", "publish", "rest"),
    "estimate": ("crop", "estimate"),
}
"""Of the message → of the meter."""

NOT_TOLD: Mapping[str, Any] = dict.fromkeys((
    "fps_camera", "fps_processed", "fps_limit", "frames_skipped", "frames_gated",
    "temperature_celsius", "throttled", "vision_memory_mb",
    *(f"stage_{stage}_ms" for stage in STAGES),
))  # fmt: skip
OF_PEOPLE = ("fps_processed", "frames_skipped")
"""Which follow who is in view, where the processor is busy."""


class Load:
    """Means over the time since they were last told, or over the last window."""

    def __init__(self, loop: Loop, meter: Meter, privacy: Privacy, now_s: float) -> None:
        self._loop, self._meter, self._k = loop, meter, privacy.k
        self._noise = privacy.epsilon is not None
        self.at_once = privacy.k == 1 and not self._noise
        self._since_s = now_s
        self._captured = self._processed = 0
        self._celsius: list[float] = []
        self._slowed: list[bool] = []
        self._window: Mapping[str, Any] = NOT_TOLD

    def told(self, now_s: float) -> Mapping[str, Any]:
        """What the message may tell now; to be called at each."""
        heat, slowed = readings.temperature_celsius(), readings.throttled()
        if self.at_once:
            self._celsius, self._slowed = [], []
        if heat is not None:
            self._celsius.append(heat)
        if slowed is not None:
            self._slowed.append(slowed)
        return self._measured(now_s) if self.at_once else self._window

    def window_ended(self, people: int, now_s: float) -> None:
        """Measure the window that has just ended."""
        if self.at_once:
            return
        found = self._measured(now_s)
        self._celsius, self._slowed = [], []
        few = people < self._k or self._noise
        hidden = [name for name in found if few and name.startswith("stage_")]
        exact = OF_PEOPLE if self._noise else ()
        self._window = found | dict.fromkeys([*hidden, *exact, "frames_gated"])

    def rested(self, took_s: float) -> None:
        """So much of a privacy pause has passed: it is no part of the window that is measured."""
        if not self.at_once:
            self._since_s += took_s

    def _measured(self, now_s: float) -> dict[str, Any]:
        """Everything, since the last call."""
        loop = self._loop
        frames, spent = self._meter.take()
        took_s = max(now_s - self._since_s, 1e-3)
        captured, processed = loop.captured - self._captured, loop.processed - self._processed
        self._since_s = now_s
        self._captured, self._processed = loop.captured, loop.processed
        celsius = self._celsius
        return {
            "fps_camera": round(captured / took_s, 2),
            "fps_processed": round(processed / took_s, 2),
            "fps_limit": round(loop.looks_per_s, 2),
            "frames_skipped": loop.skipped,
            "frames_gated": loop.gated,
            "temperature_celsius": round(sum(celsius) / len(celsius), 1) if celsius else None,
            "throttled": any(self._slowed) if self._slowed else None,
            "vision_memory_mb": round(readings.memory_mb(), 1),
        } | {f"stage_{name}_ms": _ms(frames, spent, parts) for name, parts in STAGES.items()}


def _ms(frames: int, spent: Mapping[str, float], stages: tuple[str, ...]) -> float:
    """Milliseconds per processed frame in some of the meter's stages; 0 where none was."""
    if not frames:
        return 0.0
    return round(sum(spent.get(stage, 0.0) for stage in stages) * 1000 / frames, 3)
