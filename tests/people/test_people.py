"""Faces of many frames → one visit a person, at a bounded cost."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from edge.config.people import Space as SpaceSettings
from edge.config.people import Tracking
from edge.config.places import Zone
from edge.runtime.frame import Box, Estimate, Face, Frame, Visit
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space
from tests.people.scenes import Detector, Walker, frame_at, landmarks, scene, shots

SETTINGS = Tracking()
TEXTURE = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)


class Estimator:
    """Answers the same for everyone, and remembers what it was asked."""

    def __init__(self, female: float | None = 0.9, age_years: float | None = 30.0) -> None:
        self.answer = Estimate(age_years, female)
        self.calls: list[int] = []
        self.doubted: list[int] = []

    def __call__(
        self, frame: Frame, faces: Sequence[Face], doubtful: Sequence[bool]
    ) -> list[Estimate]:
        self.calls.append(len(faces))
        self.doubted.append(sum(doubtful))
        return [self.answer] * len(faces)


def people(estimator: Estimator | None = None, zones: tuple = (), **settings: float) -> People:
    return People(
        msgspec.structs.replace(SETTINGS, **settings),
        Space(SpaceSettings(zones=zones)),
        Limits(estimates_max=6),
        estimator or Estimator(),
        score_min=0.4,
    )


def face(x: float = 400.0, y: float = 300.0, width: float = 60.0, aside: float = 0.0) -> Face:
    box = Box(x - width / 2, y - 0.65 * width, width, 1.3 * width)
    return Face(box, 0.8, landmarks(box, aside))


def at(time_s: float) -> Frame:
    return dataclasses.replace(frame_at(0, time_s), small=TEXTURE)


def play(them: People, faces_at, start_s: float, end_s: float, fps: float = 10.0) -> list[Visit]:
    """Frames from start to end; `faces_at(time)` gives the detections."""
    visits = []
    for index in range(round(start_s * fps), round(end_s * fps)):
        visits += them.observe(at(index / fps), faces_at(index / fps))
    return visits


def swaying(time_s: float) -> list[Face]:
    """Somebody who stands and waits."""
    rng = random.Random(int(time_s * 1000))
    drift = 15 * math.sin(time_s / 7)
    return [face(400 + drift + rng.gauss(0, 1), 300 + rng.gauss(0, 1))]


def poster(time_s: float) -> list[Face]:
    """A picture of a face on a wall, as a detector sees it."""
    rng = random.Random(int(time_s * 1000))
    return [face(800 + rng.gauss(0, 1.5), 200 + rng.gauss(0, 1.5), 60 + rng.gauss(0, 1.5))]


def test_a_visit_ends_when_the_face_has_been_lost_for_too_long():
    """Seen from the first sighting to the last; the patience is no part of the stay."""
    them = people(resume_s=1.5)
    assert play(them, swaying, 0.0, 5.0) == []
    assert (them.present, them.attending) == (1, 1)
    visits = play(them, lambda _: [], 5.0, 6.3)
    assert (visits, them.present) == ([], 0)
    (visit,) = play(them, lambda _: [], 6.3, 7.0)
    assert (visit.first_seen_s, visit.last_seen_s) == (0.0, 4.9)
    assert (visit.female, round(visit.age_years)) == (True, 30)


def test_visits_end_while_no_frames_come():
    """A camera that stalls does not keep people in view."""
    them = people()
    play(them, swaying, 0.0, 5.0)
    assert them.expire(8.0) == []
    assert len(them.expire(9.0)) == 1


@pytest.mark.parametrize(("gap_s", "visits"), [(3.0, 1), (5.0, 2)])
def test_a_face_that_turned_away_in_mid_picture_goes_on_as_the_same_visit(gap_s, visits):
    """For `resume_s` seconds nobody else is taken for more likely."""
    them = people()
    found = play(them, swaying, 0.0, 4.0)
    found += play(them, lambda _: [], 4.0, 4.0 + gap_s)
    found += play(them, swaying, 4.0 + gap_s, 8.0 + gap_s)
    assert len(found + them.close()) == visits


@pytest.mark.parametrize(("back", "visits"), [(400, 2), (560, 3)])
def test_beside_another_only_a_face_that_comes_back_where_it_stood_is_the_lost_one(back, visits):
    """Elsewhere whose face it is would be a guess; a guess would hide one of two people."""
    them = people()
    found = play(them, lambda _: [face(400), face(470)], 0.0, 3.0)
    found += play(them, lambda _: [face(470)], 3.0, 5.5)
    found += play(them, lambda _: [face(back), face(470)], 5.5, 8.0)
    assert len(found + them.close()) == visits


def test_frames_without_detection_keep_everyone():
    """Between detections the tracker predicts: every third frame is enough."""
    them, visits = people(), []
    walker = Walker(0, 0.0, 4.0, 100.0, 300.0, 60.0, 250.0, 0.0)
    for index in range(120):
        time_s = index / 30
        box = walker.box(time_s)
        looked = index % 3 == 0 and box is not None
        visits += them.observe(at(time_s), [Face(box, 0.8)]) if looked else them.coast(at(time_s))
    assert (visits, len(them.close())) == ([], 1)


def test_closing_counts_those_in_view():
    """Nothing is left behind, and the next source starts afresh."""
    them = people()
    play(them, swaying, 0.0, 5.0)
    assert len(them.close()) == 1
    assert (them.present, them.close(), them.held) == (0, [], 0)


def test_estimation_is_asked_once_a_frame_and_a_bounded_number_of_times_a_person():
    """However long somebody stays and however unsure the answers are."""
    unsure = Estimator(female=0.5)
    them = people(unsure)
    play(them, lambda t: [*swaying(t), face(900 + 9 * t), face(200, 500 - 9 * t)], 0.0, 20.0)
    assert max(unsure.calls) <= SETTINGS.estimates_per_frame
    assert sum(unsure.calls) <= 3 * 6


@pytest.mark.parametrize(("face_score", "asked"), [(0.9, 1), (0.3, 3), (None, 3)])
def test_who_was_once_seen_to_have_a_face_is_not_looked_at_again(face_score, asked):
    """The second look costs as much as two estimates, and one that shows a face is enough."""
    estimator = Estimator()
    estimator.answer = Estimate(None, None, face_score)
    them = People(SETTINGS, Space(SpaceSettings()), Limits(face_min=0.8), estimator, score_min=0.4)
    play(them, lambda _: [face()], 0, 6)
    assert sum(estimator.doubted) == asked
    assert sum(estimator.calls) == 3


def test_a_sure_answer_ends_the_estimation():
    """Three agreeing crops are enough."""
    sure = Estimator(female=0.97)
    play(people(sure), swaying, 0.0, 20.0)
    assert sum(sure.calls) == Limits().estimates_enough


def test_only_the_best_crops_are_estimated_when_many_are_in_view():
    """The budget of a frame goes to the largest and most frontal faces."""
    asked: list[Face] = []

    def estimate(frame: Frame, faces: Sequence[Face], _doubtful: Sequence[bool]) -> list[Estimate]:
        asked.extend(faces)
        return [Estimate(30.0, 0.9)] * len(faces)

    them = people(estimate, estimates_per_frame=2)  # type: ignore[arg-type]
    widths = (30.0, 64.0, 40.0, 62.0)
    faces = [face(200 + 250 * i, 300, width) for i, width in enumerate(widths)]
    play(them, lambda _: faces, 0.0, 0.5)
    assert sorted(one.box.width for one in asked) == [62.0, 64.0]


def test_attention_is_the_time_spent_facing_the_camera():
    """Three seconds into the camera, then two turned aside."""
    them = people()
    play(them, lambda t: [face(400 + 5 * t, aside=0.0 if t < 3 else 0.6)], 0.0, 5.0)
    (visit,) = them.close()
    assert visit.attention_s == pytest.approx(2.9, abs=0.2)
    assert visit.dwell_s == pytest.approx(4.9)


@pytest.mark.parametrize(("width", "distance"), [(20, "far"), (80, "middle"), (160, "near")])
def test_the_distance_class_is_of_the_largest_face(width: float, distance: str):
    """By the face's share of the frame's width."""
    them = people()
    play(them, lambda t: [face(400 + 9 * t, width=width)], 0.0, 2.0)
    assert [visit.distance for visit in them.close()] == [distance]


def test_a_very_long_visit_is_counted_at_the_cap_and_only_then():
    """The person stays in `present`, and is not counted again when leaving."""
    them = people(visit_max_s=30.0)
    visits = play(them, swaying, 0.0, 50.0)
    assert [visit.dwell_s for visit in visits] == [30.0]
    assert (them.present, them.close()) == (1, [])


def test_somebody_who_waits_for_minutes_is_no_ghost():
    """A living head drifts by more than a detector's jitter."""
    them = people()
    assert play(them, swaying, 0.0, 300.0, 5.0) == []
    assert (them.present, len(them.close())) == (1, 1)


def test_a_poster_is_a_ghost_after_the_set_time():
    """It is neither present any more nor ever counted."""
    them = people()
    play(them, poster, 0.0, 119.0, 5.0)
    assert them.present == 1
    play(them, poster, 119.0, 130.0, 5.0)
    assert (them.present, them.close()) == (0, [])


def test_a_poster_that_people_walk_in_front_of_is_counted_a_few_times_at_most():
    """Hidden every twenty seconds for an hour: its stillness adds up over the gaps."""
    them = people()
    visits = play(them, lambda t: poster(t) if t % 20 < 17 else [], 0.0, 3600.0, 5.0)
    assert len(visits + them.close()) <= 120 / 17 + 1


def test_somebody_standing_where_a_poster_hung_is_counted():
    """Whoever moves is no ghost, wherever that is."""
    them = people()
    play(them, poster, 0.0, 130.0, 5.0)
    them.close()
    play(them, lambda t: [face(800 + 12 * (t - 140), 200)], 140.0, 150.0)
    assert len(them.close()) == 1


def test_masked_areas_are_not_looked_at():
    """A face in an excluded area is nobody's."""
    corner = Zone(name="screen", polygon=((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)),
                  use="exclude")  # fmt: skip
    them = people(zones=(corner,))
    play(them, lambda t: [face(300 + 9 * t), face(900 - 9 * t)], 0.0, 4.0)
    assert len(them.close()) == 1


@pytest.mark.parametrize("seed", range(6))
def test_the_frame_rate_does_not_change_the_count(seed: int):
    """The same crowd at 30, 15, 8 and 5 frames a second: within one person."""
    counts = []
    for fps in (30.0, 15.0, 8.0, 5.0):
        them, visits = people(), []
        for shot in shots(scene(seed, people=6, every_s=4.0), fps, seed, Detector(missed=0.05)):
            visits += them.observe(shot.frame, shot.faces)
        counts.append(len(visits + them.close()))
    assert max(counts) - min(counts) <= 1


def test_nothing_is_kept_of_those_who_left():
    """After the last visit's end every cache that is kept by person is empty."""
    them = people()
    for shot in shots(scene(3), 10.0, 3):
        them.observe(shot.frame, shot.faces)
    assert them.held == 0
