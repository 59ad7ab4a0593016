"""How closely those in view must be watched, and where, for the tracker not to lose them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from edge.runtime.frame import EVERYWHERE, Box, Span
from edge.runtime.track import Track, Tracker

STEADY_WIDTHS_S = 1.0
"""Whoever moves by fewer face widths a second than this is easily met again."""

REACH_WIDTHS = 1.0
"""A face is looked for as far as this to either side of where it is expected."""


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


def reach_of(tracker: Tracker) -> Span | None:
    """The columns in which everyone followed, or perhaps met, will be; None for nobody.

    Everywhere, once somebody was missed: who knows where they are.
    """
    if any(track.last_s < tracker.looked_s for track in tracker.tracks):
        return EVERYWHERE
    boxes = [*(track.motion.box for track in tracker.tracks), *tracker.unborn]
    spans = [_about(box) for box in boxes]
    return spans[0].with_all(spans[1:]) if spans else None


def _about(box: Box) -> Span:
    reach = REACH_WIDTHS * box.width
    return Span(box.left - reach, box.right + reach)
