"""One system in a process of its own: answers a JSON line for each JSON line it is given.

    python -m benchmarks.peers.worker SYSTEM WEIGHTS

{"clip": PATH, "sample": N} → {"frames": n, "cpu_s": s, "looks": n, "faces": n}: processor time of
the whole process, decoding included; on how many frames it looked for faces, and how many it found
there. A peer keeps
nothing from frame to frame, so N frames spread over the clip cost each what all of them do; our
own program is given the whole clip.
{"pictures": [PATH…]} → {"answers": [{"age_years", "female"} or null…]} of the face in the middle.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from benchmarks.peers.pipelines import PIPELINES, Answer, Image, Pipeline
from benchmarks.peers.systems import BY_NAME, System

Reply = dict[str, Any]


def main() -> None:
    """Load the system, say so, then answer until standard input ends."""
    system, weights = BY_NAME[sys.argv[1]], Path(sys.argv[2])
    answers = _own_output()
    _one_thread(system)
    try:
        handle = _handler(system, weights)
    except Exception as error:
        _say(answers, {"error": f"{type(error).__name__}: {error}"})
        return
    _say(answers, {"ready": True})
    for line in sys.stdin:
        _say(answers, handle(json.loads(line)))


def _handler(system: System, weights: Path) -> Callable[[Reply], Reply]:
    if not system.pipeline:
        return lambda wish: our_cost(Path(wish["clip"]), system.options)
    look = PIPELINES[system.pipeline](weights, **system.options)
    look(np.zeros((480, 640, 3), np.uint8))
    warm: set[int] = set()

    def handle(wish: Reply) -> Reply:
        if "pictures" in wish:
            return {"answers": [_central(look, Path(path)) for path in wish["pictures"]]}
        return cost(look, Path(wish["clip"]), wish["sample"], warm)

    return handle


def cost(look: Pipeline, clip: Path, sample: int, warm: set[int]) -> Reply:
    """Processor time of `sample` frames spread evenly over the clip, from file to answer.

    `warm` remembers how many faces at once the peer has seen: the first time it may compile.
    """
    video = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    count = _length(clip)
    wanted = set(np.linspace(0, count - 1, min(sample, count)).round().astype(int).tolist())
    spent_s, faces = 0.0, 0
    for number in range(count):
        if number not in wanted:
            video.grab()
            continue
        began_s = time.process_time()
        frame = np.asarray(video.read()[1], np.uint8)
        spent_s += time.process_time() - began_s
        took_s, found = _looked(look, frame, warm)
        spent_s += took_s
        faces += found
    video.release()
    return {"frames": len(wanted), "cpu_s": spent_s, "looks": len(wanted), "faces": faces}


def _looked(look: Pipeline, frame: Image, warm: set[int]) -> tuple[float, int]:
    """Processor time and faces of one frame, compilation left out."""
    began_s = time.process_time()
    faces = len(look(frame))
    took_s = time.process_time() - began_s
    if faces in warm:
        return took_s, faces
    warm.add(faces)
    return _looked(look, frame, warm)


def _length(clip: Path) -> int:
    """How many frames can be read: what files say of it is an estimate."""
    video = cv2.VideoCapture(str(clip))
    count = 0
    while video.grab():
        count += 1
    video.release()
    return count


def our_cost(clip: Path, options: dict[str, str]) -> Reply:
    """Processor time of our vision process on a whole clip, after its first frame."""
    from edge.config.read import load
    from edge.runtime.loop import Loop
    from edge.runtime.meter import Meter
    from edge.vision.assembly import build_stages

    overrides = [f"source.uri={clip}", *(f"{key}={value}" for key, value in options.items())]
    stages = build_stages(load(None, overrides), Meter())
    detector = Counted(stages.detector)
    loop = Loop(replace(stages, detector=detector), lambda _window: None)
    began: list[tuple[float, int]] = []

    def tick() -> None:
        if not began and loop.captured:
            began.append((time.process_time(), loop.captured))
            detector.looks = detector.faces = 0

    loop.run(tick)
    (began_s, frames), now_s = began[0], time.process_time()
    return {
        "frames": loop.captured - frames,
        "cpu_s": now_s - began_s,
        "looks": detector.looks,
        "faces": detector.faces,
    }


class Counted:
    """A detector that counts on how many frames it was used, and the sure faces it found."""

    def __init__(self, detector: Any) -> None:
        self.looks = self.faces = 0
        self.tiles = detector.tiles
        self._detector = detector

    @property
    def card(self) -> Any:
        """The detector's own."""
        return self._detector.card

    def detect(self, frame: Any, across: Any) -> Any:
        """The detector's faces."""
        faces = self._detector.detect(frame, across)
        self.looks += 1
        self.faces += sum(face.score >= self.card.detecting.score_min for face in faces)
        return faces


def _central(look: Pipeline, path: Path) -> dict[str, float] | None:
    """What is said of the face nearest to a picture's middle, the one that labels mean."""
    picture: Image = np.asarray(cv2.imread(str(path)), np.uint8)
    height, width = picture.shape[:2]

    def off_centre(answer: Answer) -> float:
        left, top, right, bottom = answer.box
        return (left + right - width) ** 2 + (top + bottom - height) ** 2

    best = min(look(picture), key=off_centre, default=None)
    return None if best is None else {"age_years": best.age_years, "female": best.female}


def _own_output() -> TextIO:
    """Standard output for the answers alone; whatever a peer prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _one_thread(system: System) -> None:
    """One thread, whatever the peer would take; its parent limits the others by environment."""
    cv2.setNumThreads(1)
    if "tensorflow-cpu" in " ".join(system.environment.packages):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def _say(answers: TextIO, reply: Reply) -> None:
    print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
