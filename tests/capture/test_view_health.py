"""Each flag of the view is raised by what it is named for, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import tables as config
from edge.runtime.capture import open_source
from edge.runtime.capture.view_health import ADOPT_S, LOOK_S, RULES, ViewWatch
from edge.runtime.census.census import Census
from edge.runtime.census.clock import MediaClock
from edge.runtime.frame import ALL_WELL, Box, Face, Image, ViewHealth
from tests.shared import SHARED, frame_of

WIDTH, HEIGHT = 640, 360
NOISE = 2.0
WARM_UP_S = 60.0
FOOTAGE = SHARED / "data" / "footage"


def room(width: int = 900, height: int = 500) -> Image:
    """A wall with frames and shelves, floor and furniture; wider than what the camera sees."""
    random = np.random.default_rng(16)
    picture = np.full((height, width, 3), 150, np.uint8)
    picture[height * 2 // 3 :] = 90
    for _ in range(60):
        x, y = random.integers(0, width - 60), random.integers(0, height - 60)
        w, h = random.integers(15, 90, 2)
        picture[y : y + h, x : x + w] = random.integers(20, 240, 3)
    return picture


ROOM = room()


class Camera:
    """Gives noisy pictures of the room to a watch, as time passes."""

    def __init__(self) -> None:
        self.watch = ViewWatch()
        self.now_s = 0.0
        self._random = np.random.default_rng(1)

    def see(
        self, seconds: float, change: Callable[[Image], Image] = lambda seen: seen
    ) -> ViewHealth:
        """The view after some seconds of looking at the changed room."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.give(change(ROOM[50 : 50 + HEIGHT, 100 : 100 + WIDTH]))
            self.now_s += LOOK_S / 2
        return self.watch.health

    def give(self, picture: Image, noise: float = NOISE) -> None:
        noisy = picture + self._random.normal(0, noise, picture.shape)
        self.watch.frame(frame_of(np.clip(noisy, 0, 255).astype(np.uint8), captured_s=self.now_s))


@pytest.fixture
def camera() -> Camera:
    """One that has been looking at the room for a while."""
    made = Camera()
    assert made.see(WARM_UP_S) == ALL_WELL
    return made


def hand(seen: Image) -> Image:
    """Skin close to the lens: bright, and without an edge."""
    far = cv2.GaussianBlur(seen, (0, 0), 60)
    return np.asarray(0.3 * far + (40, 60, 110), np.uint8)


def with_overlay(seen: Image) -> Image:
    """A time stamp and a name, as recorders write them on the picture."""
    picture = seen.copy()
    for text, place in (("2026-03-02 14:02:11", (8, 22)), ("CAM 1", (560, 350))):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
    return picture


HARM: dict[str, Callable[[Image], Image]] = {
    "dark": lambda seen: seen // 8,
    "covered": hand,
    "blurred": lambda seen: cv2.GaussianBlur(seen, (0, 0), 7),
    "moved": lambda seen: ROOM[100 : 100 + HEIGHT, 240 : 240 + WIDTH],
}


@pytest.mark.parametrize("overlay", [False, True], ids=["plain", "overlay"])
@pytest.mark.parametrize("name", HARM)
def test_a_flag_is_raised_in_its_time_and_lowered_again(camera: Camera, name: str, overlay: bool):
    """It alone, not before its rule's time, and not for ever."""

    def harm(seen: Image) -> Image:
        harmed = np.asarray(HARM[name](seen), np.uint8)
        return with_overlay(harmed) if overlay and name != "moved" else harmed

    rule = RULES[name]
    assert camera.see(rule.raise_s - LOOK_S, harm) == ALL_WELL
    assert camera.see(2 * LOOK_S, harm) == ALL_WELL._replace(**{name: True})
    assert camera.see(60, harm) == ALL_WELL._replace(**{name: True})
    assert camera.see(rule.lower_s + 2 * LOOK_S) == ALL_WELL


@pytest.mark.parametrize("name", HARM)
def test_what_passes_is_told_of_nobody(camera: Camera, name: str):
    """Half of the rule's time, again and again."""
    for _ in range(5):
        assert camera.see(RULES[name].raise_s / 2, HARM[name]) == ALL_WELL
        assert camera.see(8) == ALL_WELL


def test_a_picture_that_never_changes_is_frozen(camera: Camera):
    """To the last bit, noise and all, for half a minute; one that changes is not."""
    picture = ROOM[:HEIGHT, :WIDTH]
    for _ in range(20):
        camera.give(picture, noise=0.0)
        camera.now_s += LOOK_S
    assert camera.watch.health.frozen
    assert camera.watch.blind
    camera.see(3 * LOOK_S)
    assert not camera.watch.health.frozen


def test_a_camera_that_starts_covered_or_out_of_focus_is_known_as_such():
    """Nothing need have been seen before."""
    for name in ("dark", "covered", "blurred"):
        assert Camera().see(40, HARM[name]) == ALL_WELL._replace(**{name: True})


def test_light_that_is_switched_moves_nothing(camera: Camera):
    """Half of it, for minutes; and so do people who fill a third of the picture."""
    assert camera.see(200, lambda seen: seen // 2) == ALL_WELL

    def crowd(seen: Image) -> Image:
        picture = seen.copy()
        picture[120:, 60:280] = (60, 70, 90)
        return picture

    assert camera.see(200, crowd) == ALL_WELL


def test_a_new_place_becomes_the_usual_one(camera: Camera):
    """Somebody turned the camera on purpose: after ten minutes that is where it looks."""
    assert camera.see(60, HARM["moved"]).moved
    assert not camera.see(ADOPT_S + 60, HARM["moved"]).moved
    assert not camera.see(120, HARM["moved"]).moved


def test_nothing_is_seen_from_the_first_dark_moment_on(camera: Camera):
    """What is not observed does not wait for the flag."""
    assert not camera.watch.blind
    camera.see(LOOK_S, HARM["dark"])
    assert camera.watch.blind
    assert camera.watch.health == ALL_WELL


def faces(boxes: list[tuple[float, float, float]]) -> list[Face]:
    """Faces of (top, left, width), a third higher than wide."""
    return [Face(Box(left, top, width, width * 4 / 3), 0.9) for top, left, width in boxes]


@pytest.mark.parametrize(
    ("boxes", "small", "cut"),
    [
        ([(100, 100, 40)], False, False),
        ([(100, 100, 12), (80, 300, 14)], True, False),
        ([(-9, 100, 60)], False, True),
        ([(340, 100, 60)], False, True),
        ([(100, -20, 60)], False, False),
    ],
    ids=["well", "small", "above", "below", "at the side"],
)
def test_faces_too_small_or_cut_are_told_once_enough_were_seen(boxes, small: bool, cut: bool):
    """People come and go at the sides; above and below the camera is aimed wrongly."""
    watch, frame = ViewWatch(), frame_of(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    watch.faces(frame, faces(boxes))
    watch.faces(frame, [])
    assert (watch.health.faces_too_small, watch.health.faces_cut) == (None, None)
    for _ in range(30):
        watch.faces(frame, faces(boxes))
    assert (watch.health.faces_too_small, watch.health.faces_cut) == (small, cut)


def test_flags_of_faces_have_hysteresis():
    """A median between the two bounds leaves the flag as it was."""
    watch, frame = ViewWatch(), frame_of(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    told = []
    for width in (22, 18, 22, 30):
        for _ in range(80):
            watch.faces(frame, faces([(100, 100, width)]))
        told.append(watch.health.faces_too_small)
    assert told == [False, True, True, False]


def census_of(blind: Iterator[bool], view: Callable[[int], ViewHealth]) -> list:
    census = Census(10.0, MediaClock(lambda: 0.0, lambda: True))
    for index, is_blind in enumerate(blind):
        census.frame(index / 10, 0, view(index), blind=is_blind)
    return [*census.poll(20.0), census.close()]


def test_time_in_which_nothing_could_be_seen_is_not_observed():
    """Frames came all the time; those of four seconds were black."""
    windows = census_of((20 <= i < 60 for i in range(200)), lambda _: ALL_WELL)
    assert windows[0].observed_s == pytest.approx(6.0, abs=0.2)
    assert windows[1].observed_s == pytest.approx(10.0, abs=0.2)
    assert windows[0].frames_seen == 100


def test_a_window_tells_what_held_for_half_of_it():
    """What could not be told on some frames is told by the others."""
    wrong = ALL_WELL._replace(moved=True, faces_cut=True)
    windows = census_of((False for _ in range(200)), lambda i: wrong if i >= 50 else ALL_WELL)
    assert windows[0].view == wrong
    windows = census_of((False for _ in range(200)), lambda i: wrong if i >= 60 else ALL_WELL)
    assert windows[0].view == ALL_WELL._replace(faces_cut=True)
    assert windows[1].view == wrong


@pytest.mark.skipif(not FOOTAGE.is_dir(), reason=f"needs the footage in {FOOTAGE}")
@pytest.mark.parametrize(
    "name", ["one-by-one-person-detection.mp4", "store-aisle-detection.gif", "walk.mkv", "back.mp4",
             "people-detection.gif", "worker-zone-detection.gif"],
)  # fmt: skip
def test_real_footage_is_well(name: str):
    """Cameras that are all right, for as long as the recordings last, played three times."""
    watch = ViewWatch()
    with open_source(config.Source(uri=str(FOOTAGE / name), repeat=3)) as source:
        while (frame := source.read()) is not None:
            frame.develop()
            watch.frame(frame)
            assert watch.health == ALL_WELL
            assert not watch.blind


def test_a_recording_that_is_no_camera_for_long_is_not_judged(tmp_path: Path):
    """A second of black is no dark camera, but it is not observed either."""
    picture = tmp_path / "black.png"
    cv2.imwrite(str(picture), np.zeros((48, 64, 3), np.uint8))
    watch = ViewWatch()
    with open_source(config.Source(uri=str(tmp_path))) as source:
        frame = source.read()
        frame.develop()
        watch.frame(frame)
    assert watch.blind
    assert watch.health == ALL_WELL
