"""How closely those in view must be watched for the tracker not to lose them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from edge.runtime.track import Track, Tracker

STEADY_WIDTHS_S = 1.0
"""Whoever moves by fewer face widths a second than this is easily met again."""


class Need(Enum):
    """From nobody to watch, to a look at every chance."""

    NOBODY = auto()
    GHOSTS = auto()
    STEADY = auto()
    CLOSE = auto()


def need_of(tracker: Tracker, is_ghost: Callable[[Track], bool]) -> Need:
    """CLOSE where somebody comes, moves or was missed; STEADY where all stand.

    `is_ghost` tells pictures of faces from people.
    """
    if tracker.waiting:
        return Need.CLOSE
    need = Need.GHOSTS if tracker.tracks else Need.NOBODY
    for track in tracker.tracks:
        missed = track.last_s < tracker.looked_s
        if missed or not track.confirmed or track.motion.speed > STEADY_WIDTHS_S:
            return Need.CLOSE
        if not is_ghost(track):
            need = Need.STEADY
    return need
