"""What the device says of being there, and says again where somebody else overwrites it."""

from __future__ import annotations

import logging
import math

log = logging.getLogger("mqtt")

ONLINE = b"online"
REPEAT_S = 10.0
"""So often at most: another program may insist."""


class Availability:
    """Whether the retained word at the broker is ours."""

    def __init__(self) -> None:
        self._overwritten = False
        self._repeated_s = -math.inf

    def connected(self) -> None:
        """It was published just now."""
        self._overwritten = False

    def heard(self, payload: bytes, *, retained: bool) -> None:
        """What stands there now; what is handed over as retained was there before ours."""
        if not retained:
            self._overwritten = payload != ONLINE

    def due(self, now_s: float) -> bool:
        """Whether it is to be said again now."""
        if not self._overwritten or now_s - self._repeated_s < REPEAT_S:
            return False
        self._overwritten, self._repeated_s = False, now_s
        log.info("somebody else has overwritten availability at the broker; it is said again")
        return True
