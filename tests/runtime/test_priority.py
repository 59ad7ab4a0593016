"""Where the frame is looked at with every pixel: nothing is left out, and what is owed comes first.

No network here: a look is what the schedule asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from edge.config.people import Motion
from edge.runtime.frame import EVERYWHERE, Box, Span, Tile, seen_shrunk
from edge.runtime.meter import Meter
from edge.runtime.schedule.priority import PriorityMap, Target, shown
from edge.runtime.schedule.schedule import SWEEP_LOOKS, WHOLE_S, Schedule
from edge.runtime.schedule.urgency import Urgency
from tests.shared import frame_of

WIDTH, HEIGHT = 640, 480
SIZE = 320.0, 240.0
TILES = [(240.0, 240.0), SIZE]
PICTURE = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


@dataclass
class Scene:
    """Those in view as a test states them; a look that may show them settles what is owed."""

    boxes: list[Box] = field(default_factory=list)
    urgency: Urgency = Urgency.NOBODY
    looked_s: dict[int, float] = field(default_factory=dict)
    rate: float = 10.0

    @property
    def reach(self):
        spans = [Span(box.left, box.right) for box in self.boxes]
        return spans[0].with_all(spans[1:]) if spans else None

    @property
    def targets(self):
        return [
            Target(box, self.looked_s.get(number, 0.0), self.rate)
            for number, box in enumerate(self.boxes)
        ]

    def look(self, region, now_s):
        for number, box in enumerate(self.boxes):
            if shown(box, region, WIDTH) >= 0.5:
                self.looked_s[number] = now_s


def looks(scene, fps=10.0, seconds=10.0, motion=None):
    """When and where is looked, over so many seconds of a still picture."""
    schedule = Schedule(motion or Motion(), Meter())
    found = []
    for number in range(int(seconds * fps)):
        now_s = number / fps
        frame = frame_of(PICTURE, number, now_s)
        region = schedule.due(frame, scene, fps, TILES)
        if region is not None:
            scene.look(region, now_s)
            found.append((now_s, region))
    return found


def gaps(found, box, sure=0.5):
    """The times between looks that may show a face here."""
    times = [now_s for now_s, region in found if shown(box, region, WIDTH) >= sure]
    return np.diff([0.0, *times]) if times else np.array([math.inf])


@pytest.mark.parametrize("x", [20, 150, 310, 470, 600])
@pytest.mark.parametrize("y", [20, 130, 250, 350, 440])
def test_whoever_sits_still_anywhere_is_seen_with_every_pixel(x, y):
    """Though nobody knows of them and nothing moves: within ninety seconds of an empty scene."""
    face = Box(x, y, 16, 20)
    found = looks(Scene(), seconds=300)
    assert max(gaps(found, face)) < 90


@pytest.mark.parametrize("width", [14, 20, 28])
def test_whoever_is_far_and_expected_is_looked_at_closely(width):
    """At least three times a second of ten looks, wherever they stand."""
    for x in (30, 300, 590):
        face = Box(x, 200, width, width * 1.25)
        found = looks(Scene([face], Urgency.CLOSE), seconds=10)
        assert len([1 for _, region in found if shown(face, region, WIDTH) >= 0.4]) >= 30


def test_whoever_is_near_costs_no_tile_but_the_sweep():
    """The shrunken frame shows them as well."""
    found = looks(Scene([Box(200, 150, 120, 150)], Urgency.CLOSE))
    tiles = [region for _, region in found if isinstance(region, Tile)]
    assert len(tiles) <= len(found) / SWEEP_LOOKS + 1


@pytest.mark.parametrize("fps", [5, 10, 15, 30])
def test_the_whole_frame_is_never_long_out_of_sight(fps):
    """However much is owed to those who are far: every second look, or oftener than so often."""
    crowd = [Box(x, y, 16, 20) for x in range(20, 600, 60) for y in (60, 200, 400)]
    found = looks(Scene(crowd, Urgency.CLOSE), fps=fps)
    whole = [now_s for now_s, region in found if not isinstance(region, Tile)]
    assert max(np.diff(whole)) <= max(WHOLE_S + 1 / fps, 2 / fps) + 1e-6


def test_of_several_far_ones_nobody_is_forgotten():
    """One in each corner, and no tile holds two: each is seen closely again and again."""
    corners = [Box(x, y, 15, 19) for x in (20, 590) for y in (20, 430)]
    found = looks(Scene(list(corners), Urgency.CLOSE), seconds=20)
    for face in corners:
        assert max(gaps(found, face)) <= 1.5


def test_a_look_costs_one_network_whatever_it_shows():
    """No more looks than `looks_per_s`, tiles and whole frames together."""
    crowd = [Box(x, 200, 16, 20) for x in range(20, 600, 60)]
    found = looks(Scene(crowd, Urgency.CLOSE), fps=10, seconds=10)
    assert len(found) <= 100


def test_tiles_are_of_a_size_that_was_offered_and_lie_in_the_frame():
    """Otherwise no network fits them."""
    crowd = [Box(x, y, 16, 20) for x in range(0, 640, 90) for y in (0, 460)]
    tiles = [region for _, region in looks(Scene(crowd, Urgency.CLOSE)) if isinstance(region, Tile)]
    assert tiles
    for tile in tiles:
        assert (tile.width, tile.height) in TILES
        assert 0 <= tile.left <= WIDTH - tile.width
        assert 0 <= tile.top <= HEIGHT - tile.height


def test_without_tiles_or_partial_looks_all_is_as_a_detector_without_them():
    """Where shrinking loses nothing, or the user wants the whole frame every time."""
    whole = looks(Scene(), motion=Motion(enabled=False, partial=False))
    assert all(region[:2] == EVERYWHERE[:2] for _, region in whole)


def test_what_moves_is_looked_at_closely_though_nobody_is_known():
    """A moving patch draws the tile to itself."""
    priorities = PriorityMap(frame_of(PICTURE), 0.0)
    moving = np.zeros((60, 80), np.float32)
    moving[40:50, 60:70] = 1
    priorities.stir(moving)
    tile, gain = priorities.best([], SIZE, 0.4)
    assert tile.holds(Box(500, 340, 20, 20))
    assert gain > 0


def test_what_was_looked_at_is_worth_nothing_until_time_has_passed():
    """Inhibition of return: the next tile is another one."""
    priorities = PriorityMap(frame_of(PICTURE), 0.0)
    first = priorities.oldest(SIZE, 1.0)
    priorities.looked(first, 1.0)
    second = priorities.oldest(SIZE, 1.1)
    assert second != first


@pytest.mark.parametrize(("width", "least", "most"), [(10, 0, 0), (22, 0.4, 0.6), (40, 1, 1)])
def test_the_smaller_a_face_the_less_a_shrunken_look_is_worth(width, least, most):
    """In pixels of a frame 640 wide, and alike in one that is larger."""
    for scale in (1, 3):
        box = Box(0, 0, width * scale, width * scale)
        assert least <= seen_shrunk(box, WIDTH * scale) <= most


def test_a_tile_shows_only_what_lies_well_inside_it():
    """A face that its edge may cut is shown by another."""
    tile = Tile(0, 0, *SIZE)
    assert shown(Box(100, 100, 20, 20), tile, WIDTH) == 1
    assert shown(Box(305, 100, 20, 20), tile, WIDTH) == 0
