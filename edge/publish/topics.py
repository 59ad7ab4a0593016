"""The device's topics: fixed depth, named in one place."""

from __future__ import annotations

import re

from edge.config.tables import Config
from edge.messages.fields import SCHEMA

_LEVEL = re.compile(r"[a-z][a-z-]{0,31}")

DEFAULT_ROOT = f"agender/v{SCHEMA}"
SCHEMA_1_ROOT = "agender/v1"
SCHEMA_1_RETAINED = ("availability", "info", "state", "health")


class Topics:
    """`<prefix>/v2/<site>/<device>/…` of one device."""

    def __init__(self, config: Config) -> None:
        device = config.device
        self.base = f"{root(config)}/{device.site}/{device.name}"
        self.availability = f"{self.base}/availability"
        self.info = f"{self.base}/info"
        self.counts = f"{self.base}/counts"
        self.state = f"{self.base}/state"
        self.health = f"{self.base}/health"
        self.totals = f"{self.base}/totals"
        self.requests = f"{self.base}/request/+"
        self.retained = (self.availability, self.info, self.state, self.health, self.totals)
        old = f"{SCHEMA_1_ROOT}/{device.site}/{device.name}"
        self.schema_1_retained = tuple(f"{old}/{name}" for name in SCHEMA_1_RETAINED)

    def verb(self, topic: str) -> str:
        """`…/request/pause` → "pause"; whatever is no plain word → "invalid"."""
        verb = topic.removeprefix(f"{self.base}/request/")
        return verb if _LEVEL.fullmatch(verb) else "invalid"

    def response(self, verb: str) -> str:
        """Where the answer to `verb` goes."""
        return f"{self.base}/response/{verb}"


def root(config: Config) -> str:
    """What all topics begin with: prefix and version of the messages."""
    return f"{config.mqtt.prefix}/v{SCHEMA}"


def device_of(topic: str, root: str = DEFAULT_ROOT) -> tuple[str, str] | None:
    """`<root>/<site>/<device>/<what>` → ("site/device", "what"); None for other topics."""
    if not topic.startswith(f"{root}/"):
        return None
    parts = topic.removeprefix(f"{root}/").split("/", 2)
    return (f"{parts[0]}/{parts[1]}", parts[2]) if len(parts) == 3 else None
