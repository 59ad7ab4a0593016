"""What a consumer at the broker has heard of one device: every window once."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from edge.messages.consumer import Consumer, Verdict
from tests.publish.support import Subscriber


class Seen(NamedTuple):
    """What of a window is judged."""

    boot: str
    window_s: float
    observed_s: float
    frames: int
    people: int

    def is_full(self, length_s: float) -> bool:
        """Whether it is as long as it should be, and was looked at all the time."""
        return abs(self.window_s - length_s) < 0.05 * length_s and self.looked

    @property
    def looked(self) -> bool:
        """Whether the camera looked at most of it."""
        return self.observed_s >= 0.9 * self.window_s


class Heard:
    """Follows a subscriber's messages, each looked at once."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.windows: dict[int, Seen] = {}
        self.repeats = 0
        self.wrong: list[str] = []
        """Messages that break the contract, a sentence each."""
        self.health: dict[str, Any] = {}
        self.availability = ""
        self._subscriber = subscriber
        self._following = Consumer()
        self._next = 0

    @property
    def last(self) -> int:
        """The highest number heard."""
        return max(self.windows, default=0)

    def catch_up(self) -> None:
        """Take what has come since."""
        heard = self._subscriber.heard
        while self._next < len(heard):
            topic, payload, _ = heard[self._next]
            self._next += 1
            kind = topic.rsplit("/", 1)[1]
            if kind == "counts":
                self._count(msgspec.json.decode(payload))
            elif kind == "health":
                self.health = msgspec.json.decode(payload)
            elif kind == "availability":
                self.availability = payload.decode()

    def _count(self, message: dict[str, Any]) -> None:
        number = message["seq"]
        seen = Seen(
            message["boot"],
            message["window_s"],
            message["observed_s"],
            message["frames_seen"],
            message["people"],
        )
        verdict = self._following.take("soak", message["numbering"], number)
        if verdict is Verdict.REPEAT:
            self.repeats += 1
            if self.windows.get(number) != seen:
                self.wrong.append(f"window {number} came again as another one")
        elif number in self.windows:
            self.wrong.append(f"number {number} was given twice")
        else:
            self.windows[number] = seen
