"""The device's topics: fixed depth, named in one place."""

from __future__ import annotations

import re

from edge.config import Device

ROOT = "agender/v1"
_LEVEL = re.compile(r"^[a-z][a-z-]{0,31}$")


class Topics:
    """`agender/v1/<site>/<device>/…` of one device."""

    def __init__(self, device: Device) -> None:
        self.base = f"{ROOT}/{device.site}/{device.name}"
        self.availability = f"{self.base}/availability"
        self.info = f"{self.base}/info"
        self.counts = f"{self.base}/counts"
        self.state = f"{self.base}/state"
        self.health = f"{self.base}/health"
        self.requests = f"{self.base}/request/+"
        self.retained = (self.availability, self.info, self.state, self.health)

    def verb(self, topic: str) -> str:
        """`…/request/pause` → "pause"; whatever is no plain word → "invalid"."""
        verb = topic.removeprefix(f"{self.base}/request/")
        return verb if _LEVEL.match(verb) else "invalid"

    def response(self, verb: str) -> str:
        """Where the answer to `verb` goes."""
        return f"{self.base}/response/{verb}"


def device_of(topic: str) -> tuple[str, str] | None:
    """`agender/v1/<site>/<device>/<what>` → ("site/device", "what"); None for other topics."""
    parts = topic.split("/")
    if len(parts) < 5 or "/".join(parts[:2]) != ROOT:
        return None
    return f"{parts[2]}/{parts[3]}", "/".join(parts[4:])
