"""What counts as motion: people, at any light; what does not: light itself, gain and noise."""

from __future__ import annotations

import numpy as np
import pytest

from edge.runtime.frame import EVERYWHERE, Box
from edge.runtime.schedule.gate import Gate
from tests.runtime.room import FPS, Scene
from tests.shared import frame_of


class Watched:
    """A gate that is shown a scene, ten frames a second."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.gate = Gate()
        self.now_s = 0.0

    def live(self, duration_s: float, known: tuple[Box, ...] = ()) -> list[bool]:
        """Frame by frame, whether something moved."""
        said = []
        for _ in range(round(duration_s * FPS)):
            said.append(self.gate.motion(self.scene.frame(self.now_s), known).unknown)
            self.now_s += 1 / FPS
        return said


@pytest.mark.parametrize("noise", [0.5, 2.0, 6.0, 15.0], ids=["day", "room", "dusk", "night"])
def test_noise_is_no_motion(noise: float):
    """Whatever the camera's noise is, once it is known."""
    watched = Watched(Scene(noise=noise))
    assert watched.live(0.1) == [True]  # nothing is known at first
    watched.live(3)
    assert not any(watched.live(10))


def test_noise_that_grows_at_night_is_learnt():
    """The gain goes up as it gets dark; the gate closes again within seconds."""
    watched = Watched(Scene(noise=1.0))
    watched.live(3)
    watched.scene.noise = 15.0
    watched.live(8)
    assert not any(watched.live(10))


@pytest.mark.parametrize(
    ("noise", "light", "contrast"),
    [(0.5, 1.0, 12.0), (2.0, 1.0, 15.0), (6.0, 0.5, 40.0), (10.0, 0.3, 60.0)],
    ids=["pale", "room", "dusk", "night"],
)
def test_a_far_person_who_comes_in_is_motion(noise: float, light: float, contrast: float):
    """A face of 18 pixels and a body that differs a little from the wall."""
    watched = Watched(Scene(noise=noise, light=light, contrast=contrast))
    watched.live(5)
    watched.scene.person = (300.0, 200.0)
    assert all(watched.live(0.5))


@pytest.mark.parametrize("light", [0.4, 0.8, 1.25, 2.0])
def test_a_step_of_gain_is_no_motion_for_long(light: float):
    """The camera's own exposure changes all by one factor, which is taken out."""
    watched = Watched(Scene())
    watched.live(5)
    watched.scene.light = light
    watched.live(1)
    assert not any(watched.live(5))


def test_sun_from_the_side_is_learnt():
    """Light that changes the left more than the right is motion until it is background."""
    watched = Watched(Scene())
    watched.live(5)
    watched.scene.tilt = 0.8
    watched.live(20)
    assert not any(watched.live(5))


def test_a_person_is_seen_although_the_light_changes_with_them():
    """Somebody comes in and switches the light on: the frames after it still tell motion."""
    watched = Watched(Scene(light=0.3))
    watched.live(5)
    watched.scene.light = 1.0
    seen = []
    for step in range(20):
        watched.scene.person = (100.0 + 12 * step, 200.0)
        seen += watched.live(0.1)
    assert sum(seen) >= 18


def test_what_stays_becomes_background():
    """A chair that was moved keeps the gate open for seconds, not for ever."""
    watched = Watched(Scene())
    watched.live(5)
    watched.scene.person = (300.0, 200.0)
    watched.live(25)
    assert not any(watched.live(5))


def test_the_motion_of_those_who_are_known_opens_nothing():
    """A followed person sways; somebody else beside them is motion all the same."""
    watched = Watched(Scene(person=(300.0, 200.0)))
    watched.live(10)
    face = Box(291.0, 188.0, 18.0, 24.0)
    watched.scene.person = (306.0, 200.0)
    assert not any(watched.live(0.3, (face,)))
    watched.scene.person = (420.0, 200.0)
    assert all(watched.live(0.3, (face,)))


def test_where_something_moves_is_told():
    """The columns of a passer-by with a margin, whether known or not; nothing of an empty scene."""
    gate, scene = Gate(), Scene()
    for index in range(50):
        gate.motion(scene.frame(index / FPS))
    assert gate.motion(scene.frame(5.0)).region is None
    scene.person = (300.0, 200.0)
    region = gate.motion(scene.frame(5.1)).region
    known = gate.motion(scene.frame(5.2), (Box(291.0, 188.0, 18.0, 24.0),))
    assert region is not None
    assert 256 <= region.left <= 282 and 318 <= region.right <= 344
    assert known.region == region and not known.unknown


def test_a_passer_by_leaves_no_trail():
    """Where somebody walked a moment ago is as it was before."""
    watched = Watched(Scene())
    watched.live(5)
    for step in range(30):
        watched.scene.person = (60.0 + 9 * step, 200.0)
        watched.live(0.1)
    region = watched.gate.motion(watched.scene.frame(watched.now_s)).region
    assert region is not None
    assert region.right - region.left < 140
    watched.scene.person = None
    assert not any(watched.live(2)[1:])


def test_where_too_little_is_known_it_may_be_anywhere():
    """The first frame, another scene, and changes too scattered to have a place."""
    watched = Watched(Scene())
    assert watched.gate.motion(watched.scene.frame(0.0)).region is EVERYWHERE
    watched.live(5)
    picture = watched.scene.picture()
    for x, y in ((96, 96), (304, 200), (504, 304), (224, 400)):
        picture[y : y + 8, x : x + 8] = 255
    motion = watched.gate.motion(frame_of(picture, captured_s=watched.now_s))
    assert motion.unknown and motion.region is EVERYWHERE


@pytest.mark.parametrize("size", [(48, 64), (180, 320), (361, 641), (480, 640), (960, 1280)])
def test_any_size_of_frame_will_do(size: tuple[int, int]):
    """Odd sizes too; a change of size is another scene."""
    gate, rng = Gate(), np.random.default_rng(0)
    grey = np.full((*size, 3), 90, np.uint8)
    for index in range(5):
        grain = rng.integers(0, 3, grey.shape, np.uint8)
        said = gate.motion(frame_of(grey + grain, captured_s=index / FPS)).unknown
        assert said == (index == 0)
    grey[size[0] // 3 :, : size[1] // 3] = 160
    assert gate.motion(frame_of(grey, captured_s=1.0)).unknown
