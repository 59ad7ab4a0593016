"""Looking more often tells where a face is sooner, and makes nobody more of a face."""

from __future__ import annotations

import random

import pytest

from edge.runtime.frame import Box, Face
from edge.runtime.people.motion import Motion
from edge.runtime.people.tracker import Rules, Tracker

RULES = Rules(score_min=0.5, confirm_s=0.3, confirm_hits=3, patience_s=1.5, score_mean_min=0.5)
SHARED_S = 1 / 15
"""For so long a detector sees the same in what is no face."""
RATES = pytest.mark.parametrize("fps", [20.0, 30.0, 60.0])


def face(score: float = 0.8) -> Face:
    return Face(Box(400, 300, 40, 52), score)


def begins(fps: float, seed: int, certain: float = 0.28, spread: float = 0.15) -> bool:
    """Eight seconds of something whose score changes every SHARED_S, at `fps` looks a second."""
    rng, tracker, begun = random.Random(seed), Tracker(RULES), False
    scores = [rng.gauss(certain, spread) for _ in range(round(8 / SHARED_S))]
    for index in range(round(8 * fps)):
        now_s = index / fps
        score = scores[int(now_s / SHARED_S + 1e-6)]
        tracker.update([face(score)] if score >= RULES.score_min else [], now_s)
        tracker.expire(now_s)
        begun |= bool(tracker.tracks)
    return begun


def begun(fps: float) -> int:
    """How many of a hundred flickering places begin a track in eight seconds."""
    return sum(begins(fps, seed) for seed in range(100))


@RATES
def test_flicker_begins_no_more_tracks_however_often_it_is_looked_at(fps):
    """What one look takes for a face, the next one does, a thirtieth of a second later."""
    usual = begun(15.0)
    assert 20 < usual < 80, "the flicker is of a kind that begins a track now and then"
    assert begun(fps) <= 1.25 * usual


@RATES
def test_the_place_of_a_face_is_as_doubtful_as_at_fifteen_looks(fps):
    """Detections of one moment share their error: a hundred of them do not average it away."""
    assert doubt(fps) == pytest.approx(doubt(15.0), rel=0.2)


def doubt(fps: float) -> float:
    """Variance of the expected place after two seconds, square widths."""
    motion = Motion(face().box, 0.0)
    for index in range(1, round(2 * fps) + 1):
        motion.predict(index / fps)
        motion.update(face().box)
    return (motion.expectation.s_x) / motion.width**2


@RATES
def test_a_track_is_judged_as_often_as_it_gives_evidence(fps):
    """Whose mean is sure for a moment between two pieces of evidence, by chance, is nobody."""
    tracker = Tracker(RULES)
    judged = 0
    for index in range(round(2 * fps)):
        for track in tracker.update([face(0.8)], index / fps):
            judged += track.told
    assert judged <= 2 / 0.18 + 3
