"""Real faces moved over a wall, through the real detector: crowds, and three abreast."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import pytest

from edge.config.people import Space as SpaceSettings
from edge.config.people import Tracking
from edge.runtime.detect import open_detector
from edge.runtime.frame import Estimate, Frame
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space
from tests.people.scenes import HEIGHT, WIDTH, Walker, scene
from tests.people.walkers import heads, pictures
from tests.shared import MODELS, SHARED

FACES = SHARED / "data" / "fairface_dev.zip"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FACES.exists(), reason=f"the faces are not here: {FACES}"),
]


def counted(walkers: Sequence[Walker], fps: float, seed: int) -> int:
    """How many people the product counts of so many who walk by."""
    detector = open_detector("far", MODELS)
    people = People(
        Tracking(),
        Space(SpaceSettings()),
        Limits(),
        lambda _, faces, _doubtful: [Estimate(30.0, 0.9)] * len(faces),
        score_min=detector.card.detecting.score_min,
    )
    visits = 0
    for time_s, picture in pictures(walkers, heads(FACES, len(walkers), seed), fps):
        small = cv2.resize(picture, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
        frame = Frame(0, time_s, small, WIDTH, HEIGHT, lambda full=picture: full)
        visits += len(people.observe(frame, detector.detect(frame)))
    return visits + len(people.close())


def crowd(seed: int) -> list[Walker]:
    """A mixed crowd near enough for the detector: faces of 50 pixels or more."""
    walkers = scene(seed, people=10, every_s=3.0)
    for walker in walkers:
        walker.width_px = min(max(walker.width_px, 30.0) * 1.7, 110.0)
    return walkers


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crowd_is_counted_within_fifteen_percent(seed: int):
    """Walking, pausing, in pairs, crossing each other, coming back."""
    people = len(crowd(seed))
    assert abs(counted(crowd(seed), 8.0, seed) - people) <= 0.15 * people


def test_the_frame_rate_hardly_changes_a_crowds_count():
    """At 15 and at 5 frames a second: within one person."""
    assert abs(counted(crowd(3), 15.0, 3) - counted(crowd(3), 5.0, 3)) <= 1


@pytest.mark.parametrize("speed_px_s", [100.0, 300.0])
def test_three_abreast_are_three(speed_px_s: float):
    """Side by side, slowly or briskly."""
    three = [Walker(i, 0.0, 4.0, 100.0 + 150.0 * i, 300.0, 80.0, speed_px_s, 0.0) for i in range(3)]
    assert counted(three, 10.0, 6) == 3
