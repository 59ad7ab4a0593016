"""A face that was lost and one that begins: one person, or two. In seconds, whatever the looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from edge.runtime.frame import Box, Face
from edge.runtime.people.tracker import Rules, Tracker
from tests.people.scenes import HEIGHT, WIDTH, Detector, scene, shots
from tests.people.scoring import Score, score

RULES = Rules(score_min=0.4, confirm_s=0.3, confirm_hits=3, patience_s=1.5, resume_s=4.0)
MET_S = 1.2
"""Seconds for which everybody is seen before somebody is lost, and after somebody came back."""

Place = tuple[float, float, float]
"""Middle and width of a face, pixels."""
Way = Callable[[float], Place]
"""Seconds → where a face is."""

RATES = pytest.mark.parametrize("fps", [5.0, 10.0, 15.0, 25.0, 30.0, 60.0])


def walks(x: float, per_s: float = 0.0, *, growth: float = 0.0, width: float = 40.0) -> Way:
    """Across the picture by `per_s` pixels a second, wider by a share of `growth` each second."""
    return lambda now_s: (x + per_s * now_s, 300.0, width * math.exp(growth * now_s))


def face(place: Place) -> Face:
    x, y, width = place
    return Face(Box(x - width / 2, y - 0.65 * width, width, 1.3 * width), 0.8)


def counted(fps: float, gap_s: float, before: Sequence[Way], after: Sequence[Way],
            always: Sequence[Way] = ()) -> int:  # fmt: skip
    """People counted: `before` are seen, then lost for `gap_s`, then `after` are seen."""
    tracker, numbers = Tracker(RULES, (WIDTH, HEIGHT)), set()
    for index in range(round((2 * MET_S + gap_s) * fps)):
        now_s = index / fps
        ways = before if now_s < MET_S else after if now_s >= MET_S + gap_s else ()
        tracker.update([face(way(now_s)) for way in (*ways, *always)], now_s)
        tracker.expire(now_s)
        numbers |= {track.number for track in tracker.tracks if track.confirmed}
    return len(numbers)


COMPANION = walks(475)
WALKING_COMPANION = walks(175, 160)


@RATES
@pytest.mark.parametrize("gap_s", [0.6, 1.2, 2.4, 3.6])
@pytest.mark.parametrize(
    ("way", "companion"),
    [
        (walks(400), []),
        (walks(400), [COMPANION]),
        (walks(100, 160), []),
        (walks(100, 160), [WALKING_COMPANION]),
        (walks(400, growth=0.2), [COMPANION]),
    ],
    ids=["stands", "stands beside", "walks", "walks beside", "walks up beside"],
)
def test_who_turns_the_head_for_a_while_is_one_visit(fps, gap_s, way, companion):
    """Standing, walking or walking up, alone or with somebody whose face is seen meanwhile."""
    assert counted(fps, gap_s, [way], [way], companion) == 1 + len(companion)


@RATES
@pytest.mark.parametrize(
    "other",
    [walks(240), walks(400, width=90), walks(400 + 240 * (MET_S + 2), -240)],
    ids=["elsewhere", "another size", "as fast as nobody starts"],
)
def test_who_begins_beside_another_and_is_not_where_the_lost_one_would_be_is_somebody_else(
    fps, other
):
    """In a group only place, size and speed together tell who comes back; else two are one."""
    assert counted(fps, 2.0, [walks(400)], [other], [COMPANION]) == 3


@RATES
def test_of_two_lost_who_fit_as_well_neither_is_guessed(fps):
    """Whose visit goes on would be a toss."""
    both = [walks(400), walks(460)]
    assert counted(fps, 2.0, both, [walks(430)]) == 3


@pytest.mark.parametrize(
    ("seeds", "fps"),
    [(30, 15.0)] + [pytest.param(100, fps, marks=pytest.mark.slow) for fps in (10.0, 15.0, 30.0)],
)
def test_of_heads_that_turn_few_are_counted_twice(seeds: int, fps: float):
    """Half of all people turn away for up to three seconds, before a detector that misses three
    faces in ten; one count in thirty is too many at most, and nobody is lost for it.
    """
    total = Score()
    for seed in range(seeds):
        seen = shots(scene(seed), fps, seed, Detector(missed=0.3, turned=0.5))
        total += score(Tracker(RULES, (WIDTH, HEIGHT)), seen)
    assert total.share(total.doubles) <= 3.3
    assert total.share(total.missed) <= 2
    assert total.share(total.ghosts) <= 2
