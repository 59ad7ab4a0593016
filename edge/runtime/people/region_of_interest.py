"""How closely those in view must be watched, and where, for the tracker not to lose them."""

from __future__ import annotations

from collections.abc import Callable

from edge.runtime.frame import EVERYWHERE, Box, Span
from edge.runtime.people.track import Track
from edge.runtime.people.tracker import Tracker
from edge.runtime.schedule.priority import Target
from edge.runtime.schedule.urgency import Urgency

STEADY_WIDTHS_S = 1.0
"""Whoever moves by fewer face widths a second than this is easily met again."""

CLOSE_RATE = 10.0
STEADY_RATE = 5.0
"""Looks a second that a face is owed which moves, and one which stands."""

REACH_WIDTHS = 1.0
"""A face is looked for as far as this to either side of where it is expected."""


def urgency_of(tracker: Tracker, is_ghost: Callable[[Track], bool]) -> Urgency:
    """CLOSE where somebody comes, moves or was missed; STEADY where all stand.

    `is_ghost` tells pictures of faces from people.
    """
    if tracker.waiting:
        return Urgency.CLOSE
    urgency = Urgency.GHOSTS if tracker.tracks else Urgency.NOBODY
    for track in tracker.tracks:
        if not _steady(track):
            return Urgency.CLOSE
        if not is_ghost(track):
            urgency = Urgency.STEADY
    return urgency


def reach_of(tracker: Tracker) -> Span | None:
    """The columns in which everyone followed, or perhaps met, will be; None for nobody.

    Everywhere, once somebody was missed: who knows where they are.
    """
    if any(track.missed for track in tracker.tracks):
        return EVERYWHERE
    boxes = [
        *(track.motion.box for track in tracker.tracks),
        *(box for box, _ in tracker.sightings),
    ]
    spans = [_about(box) for box in boxes]
    return spans[0].with_all(spans[1:]) if spans else None


def targets_of(tracker: Tracker, is_ghost: Callable[[Track], bool]) -> list[Target]:
    """The faces that are followed, then the places where somebody was perhaps met."""
    found = [
        Target(track.motion.box, track.looked_s, STEADY_RATE if _steady(track) else CLOSE_RATE)
        for track in tracker.tracks
        if not is_ghost(track)
    ]
    return found + [Target(box, time_s, CLOSE_RATE) for box, time_s in tracker.sightings]


def _steady(track: Track) -> bool:
    return track.confirmed and not track.missed and track.motion.speed <= STEADY_WIDTHS_S


def _about(box: Box) -> Span:
    reach = REACH_WIDTHS * box.width
    return Span(box.left - reach, box.right + reach)
