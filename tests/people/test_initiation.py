"""Which three sightings may begin a track."""

from __future__ import annotations

import math

from hypothesis import event, given
from hypothesis import strategies as st

from edge.runtime.frame import Box, Face
from edge.runtime.people.initiation import (
    AGE_MAX_S,
    COST_MAX,
    LOOKS_KEPT,
    Sighting,
    TrackInitiator,
    cost_of,
    may_be_one,
)

speeds = st.tuples(st.floats(-30, 30), st.floats(-5, 5))
"""Face widths a second, across and down."""
jitters = st.tuples(
    st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(-0.6, 0.6), st.floats(1, 1.8)
)
"""Off the straight line, in widths, the logarithm of the width, and the height in widths."""


@given(speeds, st.lists(st.tuples(st.floats(0.02, 0.5), jitters), min_size=3, max_size=3))
def test_no_triple_that_is_cheap_enough_is_passed_over(speed, moves):
    """What is left out before costs are computed would have cost too much."""
    time_s, seen = 0.0, []
    for after_s, (across, down, larger, aspect) in moves:
        time_s += after_s
        x, y = (40 * (v * time_s + off) for v, off in zip(speed, (across, down), strict=True))
        width = 40 * math.exp(larger)
        box = Box(x - width / 2, y - aspect * width / 2, width, aspect * width)
        seen.append(Sighting(Face(box, 0.9), None, time_s))
    first, middle, last = seen
    may = may_be_one(first, middle) and may_be_one(middle, last)
    event("cheap" if (cheap := cost_of(first, middle, last) <= COST_MAX) else "too dear")
    assert may or not cheap


def test_neighbours_in_a_group_are_told_from_those_further_away():
    """A tenth of a second apart: whoever stands three faces away is somebody else."""
    at = [Sighting(Face(Box(left, 0, 40, 50), 0.9), None, 0.1) for left in (0, 70, 200)]
    first = Sighting(Face(Box(0, 0, 40, 50), 0.9), None, 0.0)
    assert [may_be_one(first, other) for other in at] == [True, True, False]


def _faces(number: int, count: int, time_s: float) -> list[Sighting]:
    """Faces of a look, each of them too far from all others to be one with them."""
    places = (1e6 * (10 * number + place) for place in range(count))
    return [Sighting(Face(Box(left, 0, 40, 50), 0.9), None, time_s) for left in places]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60), st.sampled_from([0.03, 0.07, 0.2, 0.9])
)
def test_those_who_wait_are_counted_for_as_long_as_they_are_kept(counts, pause_s):
    """Detections of the last LOOKS_KEPT looks that are no older than AGE_MAX_S, and no others."""
    initiator = TrackInitiator()
    for number, count in enumerate(counts):
        now_s = number * pause_s
        assert initiator.add(_faces(number, count, now_s), now_s) == []
        first = max(number - LOOKS_KEPT + 1, 0)
        kept = [
            held
            for look, held in enumerate(counts[first : number + 1], first)
            if now_s - look * pause_s <= AGE_MAX_S
        ]
        assert len(initiator) == len(initiator.sightings) == sum(kept)
    initiator.clear()
    assert len(initiator) == len(initiator.sightings) == 0


def test_whoever_begins_a_track_waits_no_longer():
    """Three looks at a face that stands make a track of it, and leave the other one waiting."""
    initiator = TrackInitiator()
    for number in range(3):
        now_s = 0.1 * number
        stands = Sighting(Face(Box(0, 0, 40, 50), 0.9), None, now_s)
        born = initiator.add([stands, *_faces(number + 1, number == 1, now_s)], now_s)
    assert [len(born), len(initiator), len(initiator.sightings)] == [1, 1, 1]
