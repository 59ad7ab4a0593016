"""Who in this frame is whom of the last one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.runtime.frame import Box, Face
from edge.runtime.people.tracker import Rules, Tracker
from tests.people.plain import PlainTracker
from tests.people.scenes import HEIGHT, WIDTH, Detector, Walker, landmarks, scene, shots
from tests.people.scoring import Following, Score, score

RULES = Rules(score_min=0.4, confirm_s=0.3, confirm_hits=3, patience_s=1.5)
FPS = 10.0


def face(x: float, y: float = 300.0, width: float = 40.0, certain: float = 0.8) -> Face:
    return Face(Box(x - width / 2, y - width / 2, width, 1.3 * width), certain)


def follow(tracker: Tracker, frames: list[list[Face]], fps: float = FPS) -> None:
    for index, faces in enumerate(frames):
        tracker.update(faces, index / fps)
        tracker.expire(index / fps)


def total(make: Callable[[], Following], seeds: int, fps: float = FPS) -> Score:
    result = Score()
    for seed in range(seeds):
        result += score(make(), shots(scene(seed), fps, seed))
    return result


def ours() -> Tracker:
    return Tracker(RULES, (WIDTH, HEIGHT))


@pytest.mark.parametrize(
    ("seeds", "fps"),
    [(30, 10.0), pytest.param(300, 10.0, marks=pytest.mark.slow)]
    + [pytest.param(100, fps, marks=pytest.mark.slow) for fps in (15.0, 30.0)],
)
def test_in_a_crowd_at_most_two_percent_are_switched_doubled_or_missed(seeds: int, fps: float):
    """Ten detections in a hundred are missed; people cross, pair up, pause and come back."""
    result = total(ours, seeds, fps)
    assert result.people > 8 * seeds
    assert result.share(result.switches) <= 2
    assert result.share(result.doubles) <= 2
    assert result.share(result.missed) <= 2
    assert result.share(result.ghosts) <= 2


def test_a_plain_overlap_tracker_fails_where_this_one_holds():
    """The scenes are hard enough to tell: the usual baseline errs at least ten times as often."""
    product, plain = total(ours, 10), total(lambda: PlainTracker(RULES), 10)
    errors = product.switches + product.doubles + product.missed
    assert plain.switches + plain.doubles + plain.missed >= 10 * max(errors, 1)


@pytest.mark.parametrize("offset", [0.0, 6.0, 12.0])
def test_two_who_cross_keep_their_identities(offset: float):
    """One walks left, one right; at the crossing the farther face is hidden by the nearer."""
    left = Walker(0, 0.0, 4.5, 0.0, 300.0, 50.0, 280.0, 0.0)
    right = Walker(1, 0.0, 4.5, 1280.0, 300.0 + offset, 42.0, -280.0, 0.0)
    sure = Detector(missed=0.0, false_per_frame=0.0)
    result = score(Tracker(RULES), shots([left, right], FPS, 1, sure))
    assert result == Score(people=2)


def test_a_couple_walking_fast_is_two_from_the_start():
    """The second is in each frame about where the first was in the last: still two tracks."""
    pair = [Walker(i, 0.0, 3.0, 640.0 - 60.0 * i, 300.0, 40.0, 320.0, 0.0) for i in (0, 1)]
    sure = Detector(missed=0.0, false_per_frame=0.0)
    assert score(Tracker(RULES), shots(pair, 5.0, 3, sure)) == Score(people=2)


@pytest.mark.parametrize(
    ("frames", "confirmed"),
    [
        ([[face(100)]] * 4, 0),
        ([[face(100)]] * 5, 1),
        ([[face(100)], [], [face(100)], [], [face(100)]], 1),
        ([[face(100)], [face(500)], [face(900)], [face(200)], [face(700)]], 0),
    ],
    ids=["too short", "long enough", "with gaps", "never twice in a place"],
)
def test_a_face_is_somebody_when_seen_often_and_long_enough(
    frames: list[list[Face]], confirmed: int
):
    """Three sightings that lie apart confirm, however many there are between."""
    tracker = Tracker(RULES)
    follow(tracker, frames)
    assert sum(track.confirmed for track in tracker.tracks) == confirmed


@pytest.mark.parametrize(("gap_s", "tracks"), [(1.4, {1}), (1.7, {2})])
def test_a_face_lost_for_less_than_the_patience_is_the_same(gap_s: float, tracks: set[int]):
    """Whoever comes back later is somebody new, by design."""
    tracker = Tracker(RULES)
    gap = [[] for _ in range(round(gap_s * FPS) - 1)]
    follow(tracker, [[face(300)]] * 10 + gap + [[face(300)]] * 10)
    assert {track.number for track in tracker.tracks} == tracks


def test_who_leaves_at_an_edge_is_not_who_comes_in_there():
    """One walks out on the right; half a second later another comes in."""
    out = Walker(0, 0.0, 4.0, 800.0, 300.0, 50.0, 250.0, 0.0)
    into = Walker(1, 2.5, 6.0, 1280.0, 300.0, 52.0, -250.0, 0.0)
    sure = Detector(missed=0.0, false_per_frame=0.0)
    assert score(ours(), shots([out, into], FPS, 1, sure)) == Score(people=2)


def test_a_low_score_keeps_a_track_alive_and_never_starts_one():
    """ByteTrack's second stage: doubt about a face is evidence where one was expected."""
    doubtful = [[face(300, certain=0.35)] for _ in range(30)]
    fresh, kept = Tracker(RULES), Tracker(RULES)
    follow(fresh, doubtful)
    follow(kept, [[face(300)]] * 5 + doubtful)
    assert fresh.tracks == []
    assert [track.seen for track in kept.tracks] == [35]


def test_two_boxes_on_one_face_are_one_person():
    """A second box on an assigned face starts nobody."""
    tracker = Tracker(RULES)
    follow(tracker, [[face(300), face(306, width=44, certain=0.5)]] * 20)
    assert len(tracker.tracks) == 1


def test_a_box_that_leaps_in_size_is_still_the_face():
    """A detector's box grows by half from one frame to the next."""
    tracker = Tracker(RULES)
    follow(tracker, [[face(300, width=48)]] * 10 + [[face(300, width=72)]] * 10)
    assert [track.seen for track in tracker.tracks] == [20]


def test_a_head_that_turns_at_once_is_still_the_face():
    """Landmarks of a profile may be absurd; place outweighs them."""
    box = face(300).box
    ahead, aside = Face(box, 0.8, landmarks(box)), Face(box, 0.8, landmarks(box, aside=9.0))
    tracker = Tracker(RULES)
    follow(tracker, [[ahead]] * 10 + [[aside]] * 10)
    assert [track.seen for track in tracker.tracks] == [20]


def test_nothing_is_kept_of_the_gone():
    """After the last track's end neither tracks nor waiting detections remain."""
    tracker = Tracker(RULES)
    follow(tracker, [[face(100 + 5 * i), face(900)] for i in range(30)] + [[]] * 30)
    tracker.clear()
    assert (tracker.tracks, tracker.waiting) == ([], 0)
