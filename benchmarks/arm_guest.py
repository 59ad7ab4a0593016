"""One scene through the product's own loop, marked stage by stage; runs on the emulated machine.

    python arm_guest.py PORTRAIT FACES BACKS EMPTY FRAMES [key=value…]

EMPTY frames of the bare room come first, then FRAMES with so many FACES in it, and so many people
who walk through it and show none.

Each change of stage is a mark that the counting plugin answers with a line on standard error;
the stages' names follow as one JSON line, so that the host can tell whose instructions were whose.
Clocks stand still but for the frames: what happens once a second happens every so many frames,
however slow the emulation is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

START_S = 1_800_000_000.0


class Clock:
    """All of Python's clocks as one, moved by the frames."""

    def __init__(self) -> None:
        self.now_s = 0.0
        time.monotonic = time.perf_counter = time.process_time = lambda: self.now_s
        time.time = lambda: START_S + self.now_s


clock = Clock()  # before anything keeps a reference to the real ones

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from edge.config.read import load  # noqa: E402
from edge.config.tables import Config  # noqa: E402
from edge.messages.live import PublisherSocket  # noqa: E402
from edge.runtime.capture.opencv import hush  # noqa: E402
from edge.runtime.frame import Frame, Image, Visit  # noqa: E402
from edge.runtime.loop import Stages  # noqa: E402
from edge.runtime.meter import Meter  # noqa: E402
from edge.runtime.networks import model  # noqa: E402
from edge.vision import process as vision  # noqa: E402

FPS = 10.0
FULL = 1280, 960
SMALL = 640, 480
HEAD = (slice(0, 210), slice(120, 330))
"""Where the head is in the portrait."""
HEAD_PX = 260
BODY = (slice(330, 500), slice(60, 220))
"""Where there is nothing but an arm and a suit."""
BACK = 200, 520
BACK_TOP = 400
WALK_PX_S = 250.0
"""Width and height of somebody seen from behind, where they walk, and how fast."""
PLACES = tuple((x, y) for y in (60, 520) for x in (20, 330, 640, 950))
"""Where heads are pasted, left and top."""
SWAY_PX = 30.0
WALL = 128, 140, 152
"""Blue, green, red: painted, for a picture without colours is shown otherwise."""
FOREIGN = ("resize", "cvtColor", "LUT", "warpAffine", "meanStdDev", "Laplacian", "absdiff", "mean",
           "accumulateWeighted", "countNonZero", "threshold", "extractChannel", "convertScaleAbs",
           "merge")  # fmt: skip
"""What the product calls of OpenCV while it runs."""


class MarkingMeter(Meter):
    """Marks instead of measuring; also whose code runs: a network's, OpenCV's, or ours."""

    def __init__(self) -> None:
        self.marks: list[tuple[int, str, str]] = []
        self.frame = 0
        self.layer = "python"
        super().__init__(lambda: 0.0)

    def _switch(self, name: str) -> None:
        self.marks.append((self.frame, self._current, self.layer))
        self._current = name
        os.getppid()

    def foreign(self, layer: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose instructions are counted as the layer's."""

        def marked(*given: Any, **named: Any) -> Any:
            self._switch(self._current)
            self.layer = layer
            try:
                return function(*given, **named)
            finally:
                self._switch(self._current)
                self.layer = "python"

        return marked


class Scene:
    """Heads that sway before a wall, or the wall alone: the same pictures every time."""

    def __init__(self, portrait: Path, faces: int, backs: int, empty: int, frames: int) -> None:
        pixels = np.frombuffer(portrait.read_bytes(), np.uint8)
        picture = cv2.imdecode(pixels, cv2.IMREAD_COLOR)
        self._head = cv2.resize(picture[HEAD], (HEAD_PX, HEAD_PX), interpolation=cv2.INTER_AREA)
        self._back = cv2.resize(picture[BODY], BACK, interpolation=cv2.INTER_AREA)
        self._faces, self._backs = faces, backs
        self._empty = empty
        self._frames = empty + frames
        self.sequence = 0
        noise = np.random.default_rng(0)
        self._wall = noise.normal(WALL, 6, (FULL[1], FULL[0], 3)).clip(0, 255).astype(np.uint8)
        self._grain = [noise.integers(0, 5, self._wall.shape, np.uint8) for _ in range(4)]

    def read(self) -> Frame | None:
        """The next frame, a tenth of a second after the last."""
        if self.sequence == self._frames:
            return None
        clock.now_s = self.sequence / FPS
        full = cv2.add(self._wall, self._grain[self.sequence % 4])
        if self.sequence >= self._empty:
            for place in range(self._faces):
                self._paste(full, place)
            for number in range(self._backs):
                self._pass(full, number)
        small = cv2.resize(full, SMALL, interpolation=cv2.INTER_AREA)
        self.sequence += 1
        return Frame(self.sequence - 1, clock.now_s, small, *FULL, lambda: full)

    def _paste(self, full: Image, place: int) -> None:
        left, top = PLACES[place]
        left += round(SWAY_PX * float(np.sin(clock.now_s * 1.3 + place)))
        full[top : top + HEAD_PX, max(left, 0) : left + HEAD_PX] = self._head[:, max(-left, 0) :]

    def _pass(self, full: Image, number: int) -> None:
        """Somebody walks from left to right."""
        width, height = BACK
        since_s = clock.now_s - self._empty / FPS
        left = round(WALK_PX_S * (since_s - number)) % (FULL[0] - width)
        full[BACK_TOP : BACK_TOP + height, left : left + width] = self._back


def mark_foreign(meter: MarkingMeter) -> None:
    """Mark every call of OpenCV and of an interpreter from here on."""
    for name in FOREIGN:
        setattr(cv2, name, meter.foreign("opencv", getattr(cv2, name)))
    _, interpreter = model.runtime()
    interpreter.invoke = meter.foreign("network", interpreter.invoke)  # type: ignore[attr-defined]


class Bench:
    """The vision process with this scene for a camera and the marks for a meter.

    `publisher` is the other end of vision's live socket: what lies there is taken away.
    """

    restarts = 0
    live = False

    def __init__(self, scene: Scene, meter: MarkingMeter, publisher: PublisherSocket) -> None:
        self.visits = 0
        self._publisher = publisher
        self._scene = scene
        self._meter = meter
        self._build = vision.build_stages
        vision.build_stages = self._stages  # type: ignore[assignment]
        vision.Meter = lambda: meter  # type: ignore[assignment, misc]

    def _stages(self, config: Config, meter: Meter, **_: object) -> Stages:
        stages = self._build(config, meter, closed=True)  # a live source, that is not opened
        add = stages.census.add

        def count(ended: Sequence[Visit], **how: bool) -> None:
            self.visits += len(ended)
            add(ended, **how)

        stages.census.add = count  # type: ignore[method-assign, assignment]
        hush()
        mark_foreign(self._meter)
        return replace(stages, open_source=lambda: self)

    def read(self) -> Frame | None:
        """The scene's next frame; the marks from here on are its own."""
        self._publisher.receive()
        frame = self._scene.read()
        self._meter.frame = self._scene.sequence
        return frame

    def close(self) -> None:
        """The marks from here on are the end's."""
        self._meter.frame = 0


def main() -> None:
    """Run the scene; the marks' names on standard error, last."""
    portrait, numbers = Path(sys.argv[1]), map(int, sys.argv[2:6])
    meter = MarkingMeter()
    with tempfile.TemporaryDirectory() as folder, PublisherSocket(folder) as publisher:
        bench = Bench(Scene(portrait, *numbers), meter, publisher)
        paths = [f"paths.state={folder}", f"paths.runtime={folder}", "log.level=warning"]
        config = load(None, ["source.uri=usb:0", "device.name=arm", *paths, *sys.argv[6:]])
        vision.vision(config, lambda: config)
    found = {"stages": meter.marks, "visits": bench.visits}
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
