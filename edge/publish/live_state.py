"""What vision says live → `state` and `health`, thinned to what a broker should carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from edge.config.told import Privacy
from edge.messages.fields import timestamp
from edge.messages.live import Answer, FromVision, HealthNow, Hello, StateNow
from edge.messages.messages import Health, State
from edge.privacy.presence import health_told, state_told

STATE_S = 1.0
"""Least time between two `state` messages."""
STATE_REFRESH_S = 30.0
"""`state` is repeated after this long: "nobody" and "nothing heard" are not the same."""
SILENCE_S = 30.0
"""Without a word for this long, vision is taken to be down."""

_ALARMS = (
    "vision_running",
    "paused",
    "camera_ok",
    "throttled",
    "clock_synced",
    "outbox_in_memory",
)
"""What is told at once when it changes."""

Ours = Callable[[], dict[str, float | int | None]]
"""What only the publisher knows of `health`."""


class LiveState:
    """The latest of everything heard from vision, and what of it is due to be published."""

    def __init__(self, health_s: float = 10.0, privacy: Privacy | None = None) -> None:
        """`health_s`: time between two `health` messages; what is wrong is told at once.

        By `privacy` what is heard is folded once more, for vision may have been taken over.
        """
        self._health_s = health_s
        self._privacy = privacy or Privacy()
        self.hello: Hello | None = None
        self.state: State | None = None
        self.health: Health | None = None
        self._heard_s: float | None = None
        self._published: dict[str, tuple[float, Any]] = {}

    def take(self, record: FromVision, now_s: float) -> bool:
        """Note a record; true where `info` has changed by it."""
        self._heard_s = now_s
        if isinstance(record, Hello):
            changed = record != self.hello
            self.hello = record
            return changed
        if isinstance(record, StateNow):
            self.state = state_told(self._privacy, record.state)
        elif isinstance(record, HealthNow):
            self.health = health_told(self._privacy, record.health)
        else:
            assert isinstance(record, Answer)
        return False

    def vision_running(self, now_s: float) -> bool:
        """Whether vision was heard lately."""
        return self._heard_s is not None and now_s - self._heard_s <= SILENCE_S

    def due_state(self, now_s: float) -> State | None:
        """The state to publish now: on change, at most once a second, and now and then anew."""
        if self.state is None or not self.vision_running(now_s):
            return None
        said_s, said = self._published.get("state", (-1e9, None))
        changed = said is None or _substance(self.state) != said
        if now_s - said_s < (STATE_S if changed else STATE_REFRESH_S):
            return None
        self._published["state"] = (now_s, _substance(self.state))
        return self.state

    def untold_state(self) -> State | None:
        """The state last heard, where another one was published last; for the end."""
        _, said = self._published.get("state", (-1e9, None))
        return self.state if self.state and _substance(self.state) != said else None

    def due_health(self, now_s: float, wall_s: float, ours: Ours) -> Health | None:
        """The health to publish now: every few seconds, and at once when something goes wrong."""
        said_s, said = self._published.get("health", (-1e9, None))
        alarms = [getattr(self._base(now_s), name) for name in _ALARMS]
        if now_s - said_s < (STATE_S if alarms != said else self._health_s):
            return None
        self._published["health"] = (now_s, alarms)
        return self.full_health(now_s, wall_s, ours)

    def full_health(self, now_s: float, wall_s: float, ours: Ours) -> Health:
        """Vision's last health, completed by `ours`; nulls where vision is not heard."""
        return msgspec.structs.replace(self._base(now_s), time=timestamp(wall_s), **ours())

    def _base(self, now_s: float) -> Health:
        if self.health is None or not self.vision_running(now_s):
            return _SILENT
        return self.health

    def forget_published(self) -> None:
        """After a connect, everything is due again."""
        self._published.clear()


def _substance(state: State) -> State:
    return msgspec.structs.replace(state, time="")


_SILENT = Health(
    time=timestamp(0),
    uptime_s=0.0,
    vision_running=False,
    camera_ok=False,
    fps_camera=0.0,
    temperature_celsius=None,
    throttled=None,
    vision_memory_mb=None,
    clock_synced=False,
)
