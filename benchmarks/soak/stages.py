"""The stages between detector and outbox over millions of simulated frames, without a picture."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from edge.config.people import Space, Tracking
from edge.config.told import Privacy
from edge.host.readings import memory_mb
from edge.privacy.anonymise import Anonymiser, Form
from edge.runtime.census.census import Census
from edge.runtime.census.clock import MediaClock
from edge.runtime.frame import Estimate, Face, Frame
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space as Places
from tests.people.scenes import Shot, scene, shots

FPS = 10.0


class Soak:
    """Everything between the detector and the outbox, fed with scenes over and over."""

    def __init__(self, scenes: int = 20) -> None:
        self.people = People(Tracking(), Places(Space()), Limits(), _estimate, score_min=0.4)
        self.frames = self.counted = self.windows = 0
        self._census = Census(60.0, MediaClock())
        self._anonymiser = Anonymiser(Privacy(), {}, Form("soak"))
        self._scenes = [list(shots(scene(seed), FPS, seed)) for seed in range(scenes)]

    def run(self, frames: int) -> None:
        """So many frames more, whole scenes."""
        until = self.frames + frames
        while self.frames < until:
            for seen in self._scenes:
                self._play(seen)

    def _play(self, seen: Sequence[Shot]) -> None:
        for shot in seen:
            now_s = self.frames / FPS
            frame = dataclasses.replace(shot.frame, captured_s=now_s)
            self._census.add(self.people.observe(frame, shot.faces))
            self._census.frame(now_s, self.people.present)
            for window in self._census.poll(now_s):
                self.counted += self._anonymiser.counts(window).people
                self.windows += 1
            self.frames += 1


def _estimate(_: Frame, faces: Sequence[Face], __: Sequence[bool]) -> list[Estimate]:
    """Some answer for each face: the networks are not what is soaked here."""
    return [Estimate(20 + face.box.width % 50, face.score) for face in faces]


def soak(frames: int, steps: int) -> int:
    """Print resident memory as the frames go by; 1 if anybody is still held at the end."""
    stages, began_s = Soak(), time.perf_counter()
    print(f"{'frames':>12}{'windows':>9}{'people':>9}{'held':>6}{'MB':>8}{'µs/frame':>10}")
    for _ in range(steps):
        stages.run(frames // steps)
        spent_us = 1e6 * (time.perf_counter() - began_s) / stages.frames
        print(f"{stages.frames:>12}{stages.windows:>9}{stages.counted:>9}", end="")
        print(f"{stages.people.held:>6}{memory_mb():>8.1f}{spent_us:>10.1f}", flush=True)
    return int(stages.people.held > 0)
