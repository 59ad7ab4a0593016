"""A record → its JSON, checked against its own type once more before it leaves."""

from __future__ import annotations

import logging

import msgspec
from msgspec import Struct

log = logging.getLogger("outgoing")

MAX_BYTES = 131_072
"""Of any record but a window; `info`, with its schemas, is the longest."""


class Outgoing:
    """Encodes records; one that breaks its type or is too long is not sent, and said once."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self.refused = 0

    def encode(self, record: Struct) -> bytes | None:
        """The JSON, or None where the record may not be sent."""
        kind = type(record)
        try:
            payload = msgspec.json.encode(record)
            if len(payload) > MAX_BYTES:
                raise ValueError(f"it has {len(payload)} bytes, more than {MAX_BYTES}")
            msgspec.json.decode(payload, type=kind)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            self.refused += 1
            if kind.__name__ not in self._said:
                log.error("%s is not sent: %s", kind.__name__.lower(), error)
            self._said.add(kind.__name__)
            return None
        self._said.discard(kind.__name__)
        return payload
