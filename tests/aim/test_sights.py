"""What vision shows of those in view, and what it keeps for that."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from edge.config.people import Tracking
from edge.messages.aim import COLUMNS, Sight
from edge.runtime.frame import Box, Frame
from edge.runtime.people.pose import Pose
from edge.vision.sights import Sights

WIDTH, HEIGHT = 1280, 720


def frame(time_s: float = 0.0, light: int = 120, width: int = WIDTH) -> Frame:
    noise = np.random.default_rng(1).integers(0, 60, (HEIGHT // 2, WIDTH // 2, 3))
    small = np.clip(noise + light - 30, 0, 255).astype(np.uint8)
    return Frame(0, time_s, small, width, HEIGHT, lambda: small)


def track(number=1, box=(600, 300, 60, 80), yaw=0.0, pitch=0.0, seen_s=0.0, *, confirmed=True):
    return SimpleNamespace(
        number=number, confirmed=confirmed, last_s=seen_s, pose=Pose(yaw, pitch),
        face=SimpleNamespace(box=Box(*map(float, box))),
    )  # fmt: skip


def sights(people: SimpleNamespace, k: int = 1) -> Sights:
    return Sights(people, Tracking(), k)


@pytest.mark.parametrize(
    ("face", "width", "verdict"),
    [
        (track(), WIDTH, "good"),
        (track(box=(600, 300, 19, 24)), WIDTH, "small"),
        (track(box=(600, 300, 60, 80)), 3840, "small"),
        (track(yaw=31), WIDTH, "aside"),
        (track(pitch=-26), WIDTH, "aside"),
        (track(box=(-3, 300, 60, 80)), WIDTH, "cut"),
        (track(box=(600, 680, 60, 80)), WIDTH, "cut"),
    ],
    ids=["good", "few pixels", "nobody by face_min_px", "yaw", "pitch", "left", "below"],
)
def test_each_face_is_judged(face, width, verdict):
    """By the thresholds that counting goes by."""
    seen = sights(SimpleNamespace(tracks=(face,))).sight(frame(width=width), 9)
    assert [found.verdict for found in seen.faces] == [verdict]


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1, 1000), (1000, 1), (180, 320), (3840, 2160)]
)
def test_no_shape_and_no_crowd_ends_vision(width, height):
    """A camera that means harm, or one turned on its side while somebody aims."""
    people = SimpleNamespace(tracks=())
    kept = sights(people)
    for time_s, shape in enumerate(((height, width), (height + 1, width + 1))):
        people.tracks = tuple(track(n, (n - 9, n, 40, 50), seen_s=time_s) for n in range(3_000))
        pixels = np.full((*shape, 3), 120, np.uint8)
        seen = Frame(0, float(time_s), pixels, shape[1], shape[0], lambda p=pixels: p)
        kept.follow(seen)
        told = msgspec.msgpack.encode(kept.sight(seen, 9))
        assert len(msgspec.msgpack.decode(told, type=Sight).faces) == 200


def test_boxes_are_whole_pixels_and_of_now():
    """Who was missed for longer than a moment is not shown."""
    people = SimpleNamespace(tracks=(track(box=(1.4, 2.6, 30.5, 40.1)), track(2, seen_s=-5.0)))
    (face,) = sights(people).sight(frame(), 9).faces
    assert (face.left, face.top, face.width, face.height) == (1, 3, 30, 40)
    assert all(type(side) is int for side in (face.left, face.top, face.width, face.height))


@pytest.mark.parametrize(("light", "trouble"), [(120, ""), (10, "dark")])
def test_light_is_told_without_a_face(light, trouble):
    """As view health judges it."""
    assert sights(SimpleNamespace(tracks=())).sight(frame(light=light), 9).trouble == trouble


def test_the_map_holds_cells_that_k_visits_passed_and_no_way_of_anybody():
    """A visit is in it once it has ended; of the visit itself nothing stays."""
    people = SimpleNamespace(tracks=())
    kept = sights(people, k=3)
    for number in range(3):
        assert kept.sight(frame(), 9).passed == ()
        people.tracks = (track(number), track(100 + number, (10, 10, 60, 80), confirmed=False))
        kept.follow(frame())
        people.tracks = ()
        kept.follow(frame())
        assert kept._ways == {}
    (cell,) = kept.sight(frame(), 9).passed
    assert (cell.column, cell.row, cell.visits) == (round(630 / WIDTH * COLUMNS - 0.5), 4, 3)


def test_the_share_of_looks_aside_counts_looks_not_frames():
    """A frame on which nobody looked adds none."""
    people = SimpleNamespace(tracks=(track(yaw=80),))
    kept = sights(people)
    kept.follow(frame(0.0))
    kept.follow(dataclasses.replace(frame(0.1)))
    seen = kept.sight(frame(0.1), 9)
    assert (seen.looks, seen.turned) == (1, 1)
