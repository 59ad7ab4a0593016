"""One publish, as a value."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """What to publish, and how."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
