"""How urgently faces must be looked for: what those in view ask of the schedule."""

from __future__ import annotations

from enum import Enum, auto


class Urgency(Enum):
    """From nobody to watch, to a look at every chance."""

    NOBODY = auto()
    GHOSTS = auto()
    STEADY = auto()
    CLOSE = auto()
