"""A day at a camera that misbehaves, read by a real vision process.

A process that decodes a real stream can't be made to live faster: its sockets and FFmpeg's keep
real time. So the day is compressed. A stretch of it is what happens in it (people, and one thing
that goes wrong, each of them twice a day) and lasts some ten seconds; a window lasts a second
instead of a minute. The wall clock, which the process is given by a file, goes on by the rest of
the stretch at its end, and so passes midnight.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from benchmarks.soak.device import CLOCK, ROOT, measured
from edge.demo.footage import clip as demo_clip
from edge.errors import SourceError
from edge.messages.live import HealthNow, PublisherSocket
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.vision.reporter import HEALTH_S
from tests.main_job.program import start, wait_for
from tests.system.soak.misbehaving import Misbehaving, streams

pytestmark = pytest.mark.slow

SEED, STRETCHES, STRETCH_S = 11, 18, 4800.0
WINDOW_S = STALL_S = 1.0
SILENT_S = 2 * HEALTH_S + 2
"""Long enough that a whole interval between two health records lies within."""
GROWTH_MB = 12.0
"""Resident memory of the last quarter may be so far above that of the second: buffers of FFmpeg's
that a connection leaves with the allocator, in no order."""


class Told(NamedTuple):
    """A health record: when it came, and what it said of the camera."""

    at_s: float
    camera_ok: bool
    restarts: int


class Vision:
    """`agender-edge vision` on that camera; what it tells the publisher is heard here."""

    def __init__(self, port: int, folder: Path) -> None:
        self.state, self.clock = folder / "state", folder / "clock"
        self.state.mkdir()
        self.clock.write_text("0")
        self._ahead_s = 0.0
        self.told: list[Told] = []
        keys = {
            "source.uri": f"rtsp://127.0.0.1:{port}/live", "source.stall_s": STALL_S,
            "source.give_up_s": 60, "window.length_s": WINDOW_S,
            "detector.model": "near", "paths.state": self.state, "paths.runtime": folder / "run",
        }  # fmt: skip
        self._socket = PublisherSocket(folder / "run")
        flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
        environment = os.environ | {
            "PYTHONPATH": f"{CLOCK}:{ROOT}", "AGENDER_SOAK_CLOCK": str(self.clock),
        }  # fmt: skip
        self._log = (folder / "log").open("wb")
        self.began_s = time.monotonic()
        self.process = start("vision", *flags, env=environment, stdout=self._log, stderr=self._log)
        self._done = threading.Event()
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()

    def set_clock(self, by_s: float) -> None:
        """The wall clock jumps."""
        self._ahead_s += by_s
        unfinished = self.clock.with_suffix(".new")
        unfinished.write_text(str(self._ahead_s))
        unfinished.replace(self.clock)

    def well(self) -> bool:
        """Whether the last that it told is a camera that gives frames."""
        return bool(self.told) and self.told[-1].camera_ok

    def resources(self) -> tuple[float, int, int]:
        """Resident memory in MB, open files, threads: of ten looks the least of each.

        A file of the system's that is being read for health, or one of the outbox's, is open for
        moments.
        """
        looks = []
        for _ in range(10):
            looks.append(measured(0, "vision", self.process.pid, ""))
            time.sleep(0.07)
        return (
            min(look.rss_mb for look in looks),
            min(look.handles for look in looks),
            min(look.threads for look in looks),
        )

    def end(self) -> float:
        """End it; how long it ran in seconds. It must end by itself, and well."""
        self.process.terminate()
        status = self.process.wait(30)
        ran_s = time.monotonic() - self.began_s
        assert status == 0, Path(self._log.name).read_text()[-3000:]
        return ran_s

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._done.set()
        self._ear.join()
        self._socket.close()
        self._log.close()

    def _listen(self) -> None:
        while not self._done.wait(0.05):
            for record in self._socket.receive():
                if isinstance(record, HealthNow):
                    health = record.health
                    told = Told(time.monotonic(), health.camera_ok, health.camera_restarts)
                    self.told.append(told)


class Span(NamedTuple):
    """A time in which the camera gave nothing, or pictures whatever they showed."""

    since_s: float
    until_s: float


class Day:
    """Its stretches, one after the other."""

    def __init__(self, camera: Misbehaving, vision: Vision) -> None:
        self.camera, self.vision, self._random = camera, vision, Random(SEED)
        self.silent: list[Span] = []
        self.giving: list[Span] = []
        self.samples: list[tuple[float, int, int]] = []
        self._faults: dict[str, Callable[[], None]] = {
            "stall": lambda: self._without_frames(camera.hung),
            "refused": lambda: self._without_frames(camera.away),
            "half a picture": camera.cut.set,
            "another size": lambda: self._shown("large"),
            "black": lambda: self._shown("black"),
            "frozen": lambda: self._shown("frozen"),
            "damaged": lambda: self._for_a_while(camera.damaging, 4.0),
            "no video": lambda: self._for_a_while(camera.garbage, 1.5),
            "the clock jumps": lambda: vision.set_clock(self._random.uniform(-900, 900)),
        }

    def live(self) -> None:
        """Every fault in turn, in an order of chance, with people in between."""
        deck: list[str] = []
        for _ in range(STRETCHES):
            began_s = time.monotonic()
            deck = deck or self._random.sample(sorted(self._faults), len(self._faults))
            self._faults[deck.pop()]()
            self._wait_until_well()
            time.sleep(self._random.uniform(2, 5))
            self.samples.append(self.vision.resources())
            self.vision.set_clock(STRETCH_S - (time.monotonic() - began_s))

    def _wait_until_well(self) -> None:
        since_s = time.monotonic()

        def again() -> bool:
            newest = self.vision.told[-1:]
            return bool(newest) and newest[0].at_s > since_s + 1.0 and newest[0].camera_ok

        wait_for(again, "frames after what went wrong", 40)

    def _without_frames(self, event: threading.Event) -> None:
        since_s = time.monotonic()
        self._for_a_while(event, SILENT_S)
        self.silent.append(Span(since_s, time.monotonic()))

    @staticmethod
    def _for_a_while(event: threading.Event, seconds: float) -> None:
        event.set()
        time.sleep(seconds)
        event.clear()

    def _shown(self, stretch: str) -> None:
        self.camera.next_up.append(stretch)
        wait_for(lambda: not self.camera.next_up, f"{stretch} to be shown", 40)
        since_s = time.monotonic()
        time.sleep(2.5)
        self.giving.append(Span(since_s, time.monotonic()))


@contextmanager
def watched(folder: Path) -> Iterator[Day]:
    """The camera, and vision before it."""
    try:
        held = streams(demo_clip(folder), folder)
    except SourceError as error:
        pytest.skip(str(error))
    camera = Misbehaving(held, SEED)
    try:
        vision = Vision(camera.port, folder)
        try:
            wait_for(vision.well, "a first frame", 60)
            yield Day(camera, vision)
        finally:
            vision.close()
    finally:
        camera.close()


def test_a_day_at_a_camera_that_misbehaves(tmp_path: Path) -> None:
    """Each window is there once and covers its time, nothing leaks, nobody is made up, and health
    says when the camera gives nothing.
    """
    with watched(tmp_path) as day:
        day.live()
        camera, vision = day.camera, day.vision
        ran_s = vision.end()
        print(f"{ran_s:.0f} s, {camera.connections} connections, {camera.shown} shown, "
              f"{camera.whole} whole, {day.samples[0]} → {day.samples[-1]}")  # fmt: skip
        with Outbox(vision.state / FILE_NAME, owner=False) as outbox:
            windows = outbox.peek(100_000)
    assert [window.seq for window in windows] == list(range(1, len(windows) + 1))
    assert len({window.boot for window in windows}) == 1
    covered_s = sum(window.window_s for window in windows)
    assert 0 <= ran_s - covered_s < 15, "from the start of vision to its first frame"
    assert all(window.observed_s <= window.window_s + 1e-6 for window in windows)
    people = sum(window.people for window in windows)
    print(f"{len(windows)} windows, {covered_s:.0f} s, {people} people")
    assert 0.6 * camera.whole <= people <= camera.shown
    assert_nothing_leaks(day.samples)
    assert_camera_ok_is_right(vision.told, day)
    ends = [datetime.fromisoformat(text) for text in (windows[0].start, windows[-1].end)]
    assert ends[1] - ends[0] > timedelta(hours=22), "the wall clock went on by a day"


def assert_nothing_leaks(samples: list[tuple[float, int, int]]) -> None:
    """As many files at every stretch's end, when all is well; threads and memory stay so."""
    assert len({files for _, files, _ in samples[2:]}) == 1, samples
    quarter = len(samples) // 4
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    # A library's workers come and go with pictures: the fewest there ever are may not become more.
    assert min(sample[2] for sample in last) <= min(sample[2] for sample in second), samples
    growth_mb = max(sample[0] for sample in last) - max(sample[0] for sample in second)
    assert growth_mb < GROWTH_MB, samples


def assert_camera_ok_is_right(told: list[Told], day: Day) -> None:
    """False once a whole interval brought no frame; true while pictures come, black ones too."""
    intervals = list(pairwise(told))
    for span in day.giving:
        within = [
            one for before, one in intervals
            if min(one.at_s, span.until_s) - max(before.at_s, span.since_s) > 1.0
        ]  # fmt: skip
        assert within and all(one.camera_ok for one in within), (span, within)
    for span in day.silent:
        # A busy machine decodes what came before for a while; then it stays at "no frames".
        within = [one.camera_ok for one in told if span.since_s < one.at_s <= span.until_s]
        assert within == sorted(within, reverse=True), (span, within)
        assert not within[-1], (span, within)
    assert len(day.silent) >= 4
    assert told[-1].camera_ok
    assert told[-1].restarts >= len(day.silent)
