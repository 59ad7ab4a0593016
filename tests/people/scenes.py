"""Synthetic scenes with a known truth: faces as moving boxes, as a detector would see them.

Everything a detector does wrong is in them: boxes jitter, faces are missed or found with a low
score, the farther of two faces that overlap is hidden by the nearer one, and now and then a box
appears where nobody is. Speeds, sizes and stays are those of people in front of a shop's camera
(a face is 0.16 m wide, people walk at 0.5 to 1.6 m/s).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from edge.runtime.frame import Box, Face, Frame, Keypoints, Point

WIDTH, HEIGHT = 1280, 720
FACE_M = 0.16
BRAKE_S = 0.7
TURN_S = 0.5, 3.0
"""Shortest and longest time for which a head is turned, as on footage."""
BLANK = np.zeros((1, 1, 3), np.uint8)


@dataclass(frozen=True)
class Detector:
    """How well faces are found."""

    missed: float = 0.10
    low_of_missed: float = 0.4
    false_per_frame: float = 0.005
    position_noise: float = 0.04
    size_noise: float = 0.05
    hidden_iou: float = 0.25
    turned: float = 0.0
    """Share of people who turn their face away once, for TURN_S: to each other, to a shelf."""


@dataclass
class Walker:
    """One person's way: where the face is at a time, None while out of view."""

    number: int
    enter_s: float
    leave_s: float
    x_px: float
    y_px: float
    width_px: float
    vx_px_s: float
    vy_px_s: float
    growth_per_s: float = 0.0
    pause: tuple[float, float] | None = None
    phase: float = 0.0

    def box(self, time_s: float) -> Box | None:
        """The true box, or None where the face is out of view."""
        if not self.enter_s <= time_s <= self.leave_s:
            return None
        moved_s = self._walked_s(time_s)
        width = self.width_px * math.exp(self.growth_per_s * moved_s)
        sway = 0.12 * width
        step = 2 * math.pi * 1.8
        x = self.x_px + self.vx_px_s * moved_s + sway * math.sin(0.7 * time_s + self.phase)
        y = self.y_px + self.vy_px_s * moved_s + 0.3 * sway * math.sin(step * time_s + self.phase)
        if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
            return None
        return Box(x - width / 2, y - 0.65 * width, width, 1.3 * width)

    def _walked_s(self, time_s: float) -> float:
        """Seconds walked: nobody stops dead, so a pause is braked into and out of."""
        walked = time_s - self.enter_s
        if self.pause:
            start, length = self.pause
            walked -= _ramp(walked - start) - _ramp(walked - start - length)
        return walked


def _ramp(since_s: float) -> float:
    """Seconds lost to a stop that began `since_s` ago and takes BRAKE_S to complete."""
    if since_s <= 0:
        return 0.0
    return since_s**2 / (2 * BRAKE_S) if since_s < BRAKE_S else since_s - BRAKE_S / 2


@dataclass
class Shot:
    """One frame: the detections, whose they are (None = nobody's), and who was really there."""

    frame: Frame
    faces: list[Face]
    owners: list[int | None]
    truth: dict[int, Box] = field(default_factory=dict)


def frame_at(sequence: int, time_s: float) -> Frame:
    """A frame without a picture worth looking at."""
    return Frame(sequence, time_s, BLANK, WIDTH, HEIGHT, lambda: BLANK)


def across(rng: random.Random, number: int, at_s: float) -> Walker:
    """Somebody walks through the picture, from one side to the other."""
    width = rng.uniform(24, 90)
    speed = rng.uniform(0.5, 1.6) / FACE_M * width
    way = rng.choice((-1, 1))
    return Walker(
        number,
        at_s,
        at_s + WIDTH / speed,
        0.0 if way > 0 else WIDTH,
        rng.uniform(0.35, 0.6) * HEIGHT,
        width,
        way * speed,
        rng.uniform(-0.05, 0.05) * speed,
        phase=rng.uniform(0, 6.28),
        pause=(rng.uniform(1, 2), rng.uniform(2, 6)) if rng.random() < 0.35 else None,
    )


def towards(rng: random.Random, number: int, at_s: float) -> Walker:
    """Somebody walks towards the camera and out of the picture below it."""
    width, stay_s = rng.uniform(16, 28), rng.uniform(4, 8)
    x = rng.uniform(0.15, 0.85) * WIDTH
    return Walker(
        number,
        at_s,
        at_s + stay_s,
        x,
        rng.uniform(0.3, 0.5) * HEIGHT,
        width,
        rng.uniform(-0.06, 0.06) * WIDTH,
        rng.uniform(0.02, 0.06) * HEIGHT,
        growth_per_s=1.4 / stay_s,
        phase=rng.uniform(0, 6.28),
    )


def crossing(rng: random.Random, number: int, at_s: float) -> list[Walker]:
    """Two people walk past each other, one hiding the other for a moment."""
    first = across(rng, number, at_s)
    second = across(rng, number + 1, at_s)
    first.pause = second.pause = None
    smaller = first.width_px * rng.uniform(0.7, 0.95) / second.width_px
    second.width_px *= smaller
    second.y_px = first.y_px + rng.uniform(-0.3, 0.3) * first.width_px
    second.vx_px_s = -math.copysign(second.vx_px_s * smaller, first.vx_px_s)
    second.x_px = WIDTH - first.x_px
    second.leave_s = at_s + WIDTH / abs(second.vx_px_s)
    return [first, second]


def together(rng: random.Random, number: int, at_s: float) -> list[Walker]:
    """Two people walk side by side."""
    first = across(rng, number, at_s)
    second = Walker(**{**first.__dict__, "number": number + 1, "phase": first.phase + 2})
    second.x_px -= math.copysign(1.6, first.vx_px_s) * first.width_px
    second.y_px += rng.uniform(-0.3, 0.3) * first.width_px
    second.leave_s += 1.6 * first.width_px / abs(first.vx_px_s)
    for walker in (first, second):
        walker.leave_s += walker.pause[1] if walker.pause else 0.0
    return [first, second]


def again(rng: random.Random, number: int, at_s: float) -> list[Walker]:
    """Somebody passes, and after a while comes back: a new visit."""
    first = across(rng, number, at_s)
    first.pause = None
    back = Walker(**{**first.__dict__, "number": number + 1})
    back.enter_s = first.leave_s + rng.uniform(3, 6)
    back.leave_s = back.enter_s + WIDTH / abs(first.vx_px_s)
    back.x_px, back.vx_px_s = WIDTH - first.x_px, -first.vx_px_s
    return [first, back]


def scene(seed: int, people: int = 10, every_s: float = 2.5) -> list[Walker]:
    """A mixed crowd that comes one group after another."""
    rng = random.Random(seed)
    walkers: list[Walker] = []
    at_s = 0.5
    while len(walkers) < people:
        number = len(walkers)
        kind = rng.choice((across, towards, crossing, together, again))
        made = kind(rng, number, at_s)
        for walker in made if isinstance(made, list) else [made]:
            if walker.pause and kind is across:
                walker.leave_s += walker.pause[1]
            walkers.append(walker)
        at_s += rng.expovariate(1 / every_s)
    return walkers


def shots(
    walkers: list[Walker], fps: float = 10.0, seed: int = 0, detector: Detector | None = None
) -> Iterator[Shot]:
    """The scene as a detector sees it, frame by frame, until three seconds after the last."""
    detector = detector or Detector()
    rng = random.Random(seed)
    turns = _turns(walkers, detector, seed)
    end_s = max(walker.leave_s for walker in walkers) + 3
    for index in range(int(end_s * fps)):
        time_s = index / fps
        truth = {w.number: box for w in walkers if (box := w.box(time_s)) is not None}
        shot = Shot(frame_at(index, time_s), [], [], truth)
        for walker in walkers:
            away_s, back_s = turns.get(walker.number, (math.inf, math.inf))
            if walker.number in truth and not away_s <= time_s < back_s:
                _detect(shot, walker, detector, rng)
        if rng.random() < detector.false_per_frame:
            _add(shot, _random_box(rng), rng.uniform(0.3, 0.6), None, 0.0)
        yield shot


def _turns(walkers: list[Walker], detector: Detector, seed: int) -> dict[int, tuple[float, float]]:
    """Who turns away, from when to when: well inside their stay, so that they are met before."""
    rng = random.Random(seed + 1_000_000)
    turns = {}
    for walker in walkers:
        length_s = rng.uniform(*TURN_S)
        latest_s = walker.leave_s - length_s - 1
        if rng.random() < detector.turned and latest_s > walker.enter_s + 1:
            away_s = rng.uniform(walker.enter_s + 1, latest_s)
            turns[walker.number] = (away_s, away_s + length_s)
    return turns


def _detect(shot: Shot, walker: Walker, detector: Detector, rng: random.Random) -> None:
    box = shot.truth[walker.number]
    for other, their in shot.truth.items():
        nearer = (their.width, other) > (box.width, walker.number)
        if nearer and box.iou(their) > detector.hidden_iou:
            return
    score = rng.uniform(0.55, 0.95)
    if rng.random() < detector.missed:
        if rng.random() >= detector.low_of_missed:
            return
        score = rng.uniform(0.31, 0.39)
    width = box.width * math.exp(rng.gauss(0, detector.size_noise))
    height = 1.3 * width * math.exp(rng.gauss(0, 0.03))
    x = box.centre.x + rng.gauss(0, detector.position_noise) * box.width
    y = box.centre.y + rng.gauss(0, detector.position_noise) * box.width
    facing = 0.0 if abs(walker.vx_px_s) < box.width else math.copysign(0.25, walker.vx_px_s)
    noisy = Box(x - width / 2, y - height / 2, width, height)
    _add(shot, noisy, score, walker.number, facing + rng.gauss(0, 0.06))


def _add(shot: Shot, box: Box, score: float, owner: int | None, aside: float) -> None:
    shot.faces.append(Face(box, score, landmarks(box, aside)))
    shot.owners.append(owner)


def landmarks(box: Box, aside: float = 0.0, level: float = 0.52) -> Keypoints:
    """A face's four landmarks; `aside` shifts the nose, in eye distances, to picture-right."""
    x, y = box.centre
    eyes = 0.45 * box.width
    top, bottom = y - 0.15 * box.height, y + 0.25 * box.height
    return Keypoints(
        Point(x - eyes / 2, top),
        Point(x + eyes / 2, top),
        Point(x + aside * eyes, top + level * (bottom - top)),
        Point(x, bottom),
    )


def _random_box(rng: random.Random) -> Box:
    width = rng.uniform(16, 90)
    return Box(rng.uniform(0, WIDTH - width), rng.uniform(0, HEIGHT - width), width, 1.3 * width)
