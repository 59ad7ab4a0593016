"""Which three sightings may begin a track."""

from __future__ import annotations

import math

from hypothesis import event, given
from hypothesis import strategies as st

from edge.runtime.frame import Box, Face
from edge.runtime.people.initiation import COST_MAX, Sighting, cost_of, may_be_one

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
