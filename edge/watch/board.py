"""MQTT messages of any number of devices → what is known of each."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

import msgspec

from edge.messages.bands import TOLD_GENDERS, ages_of, cell_key
from edge.messages.consumer import Consumer, Verdict
from edge.messages.counts import Counts, CountsHead
from edge.messages.messages import Health, State
from edge.messages.unreadable import UNREADABLE
from edge.publish.topics import DEFAULT_ROOT, device_of

WINDOWS_KEPT = 5
MAX_DEVICES = 500
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}/[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""Names as a device may have: nothing that could write to a terminal."""

Pyramid = dict[tuple[str, str], int]


@dataclass(slots=True)
class Seen:
    """One device, as heard since watching began; `pyramid` sums (gender, age band) → people."""

    name: str
    availability: str = "unknown"
    state: State | None = None
    health: Health | None = None
    windows: deque[CountsHead] = field(default_factory=lambda: deque(maxlen=WINDOWS_KEPT))
    pyramid: Pyramid = field(default_factory=dict)
    people: int = 0
    untold: int = 0
    """Of them, people of windows with too few for more than their number."""
    repeats: int = 0
    missing: int = 0
    lost: int = 0
    """Windows that the device sent empty, having lost them itself."""

    @property
    def paused(self) -> bool:
        """Whether the camera is closed; `health` tells it where there is no live state."""
        told = self.state if self.state is not None else self.health
        return told is not None and told.paused


class Board:
    """All devices heard of; what makes no sense is counted in `ignored` and has no effect."""

    def __init__(self, root: str = DEFAULT_ROOT) -> None:
        """`root` is what the topics begin with."""
        self._root = root
        self.devices: dict[str, Seen] = {}
        self.ignored = 0
        self._consumer = Consumer()

    def take(self, topic: str, payload: bytes) -> tuple[Seen, str] | None:
        """Note a message; the device and what it told, or None where it told nothing new."""
        found = device_of(topic, self._root)
        if found is None or not NAME.fullmatch(found[0]):
            self.ignored += 1
            return None
        name, what = found
        if name not in self.devices and len(self.devices) >= MAX_DEVICES:
            self.ignored += 1
            return None
        seen = self.devices.setdefault(name, Seen(name))
        try:
            told = self._note(seen, what, payload)
        except UNREADABLE:
            self.ignored += 1
            return None
        return (seen, what) if told else None

    def _note(self, seen: Seen, what: str, payload: bytes) -> bool:
        if what == "counts":
            return self._count(seen, msgspec.json.decode(payload, type=Counts))
        if what == "state":
            seen.state = msgspec.json.decode(payload, type=State)
        elif what == "health":
            seen.health = msgspec.json.decode(payload, type=Health)
        elif what == "availability" and payload in (b"online", b"offline", b"stopped"):
            seen.availability = payload.decode()
        else:
            return False
        return True

    def _count(self, seen: Seen, counts: CountsHead) -> bool:
        verdict = self._consumer.take(seen.name, counts.numbering, counts.seq)
        seen.missing = sum(gap.windows for gap in self._consumer.missing(seen.name))
        if verdict is Verdict.REPEAT:
            seen.repeats += 1
            return False
        seen.windows.append(counts)
        seen.lost += counts.lost
        seen.people += counts.people
        seen.untold += counts.people if counts.female is None else 0
        for gender in TOLD_GENDERS:
            for age in ages_of(counts.bands):
                cell = seen.pyramid.get((gender, age), 0)
                seen.pyramid[gender, age] = cell + (getattr(counts, cell_key(gender, age)) or 0)
        return True
