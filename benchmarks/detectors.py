"""What detectors find and what they cost: by face size on labelled pictures, and on clips.

    python -m benchmarks.detectors far near haar --clips ../shared/data/clips
    python -m benchmarks.detectors far yunet --models DIR --boxes ../shared/data/wider_dev.zip
    python -m benchmarks.detectors --write docs/detectors.md --from benchmarks/detectors.json

A detector is a preset, a card's name, NAME:3x2 for the detector NAME on three by two tiles of the
frame, or NAME@1 for the product's own looks with it in one second of a still scene. The labelled
pictures are a ZIP of images/ and boxes.json (image → boxes_xywh_px) and are shown 640 pixels wide.
--json adds the figures to a file, from which --write makes a page and its plot. Arm instructions
are those that `agender-convert profile --write` put into the cards.
"""

from __future__ import annotations

import argparse
import json
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks import detectors_page
from edge.config.people import Motion, Tracking
from edge.config.people import Space as SpaceSettings
from edge.config.seen import Detector as DetectorSettings
from edge.errors import ModelError
from edge.runtime.detect import HAAR, MTCNN, PRESETS, Detector, open_detector
from edge.runtime.frame import EVERYWHERE, Box, Estimate, Face, Frame, Image, Span
from edge.runtime.meter import Meter
from edge.runtime.networks.card import read_card
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import People
from edge.runtime.people.space import Space
from edge.runtime.schedule.schedule import Schedule

LEAST_FACE_PX = 16
SAME_FACE_IOU = 0.5
BINS_PX = (8, 16, 24, 32, 64)
"""Least widths of the bins; the last is open."""
PRECISION_WANTED = 0.9
TILE_OVERLAP = 0.2
PROCESSORS = ("cortex-a72", "cortex-a76")


def main() -> None:
    """Print a line a detector and clip, and a line a detector for the labelled pictures."""
    arguments = _arguments()
    results = json.loads(arguments.json.read_text()) if _exists(arguments.json) else {}
    for name in arguments.detectors:
        detector = opened(name, arguments.models)
        row = results.setdefault(name, {})
        row["cost"] = cost(name, arguments.models)
        row["card"] = detector.card.name
        for clip in sorted(arguments.clips.iterdir()) if arguments.clips else ():
            counts = Counter(len(sure(detector, f)) for f in frames(clip, arguments.every))
            if counts:
                said = ", ".join(f"{n}: {times}" for n, times in sorted(counts.items()))
                row.setdefault("clips", {})[clip.name] = {str(n): t for n, t in counts.items()}
                print(f"{name:24} {clip.name:40} faces: frames = {said}", flush=True)
        if arguments.boxes:
            row["labelled"] = labelled(detector, arguments.boxes, arguments.light).figures()
            print(detectors_page.line(name, row), flush=True)
    if arguments.json and arguments.detectors:
        arguments.json.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    if arguments.write:
        source = arguments.source or arguments.json
        detectors_page.write(arguments.write, json.loads(source.read_text()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("detectors", nargs="*")
    parser.add_argument("--models", type=Path, nargs="+", default=[Path("models_tflite")])
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--boxes", type=Path)
    light = parser.add_mutually_exclusive_group()
    for name, when in (
        ("grey", "as at night"),
        ("purple", "as without an infra-red filter by day"),
    ):
        light.add_argument(
            f"--{name}",
            dest="light",
            action="store_const",
            const=LIGHTS[name],
            default=by_day,
            help=f"show the labelled pictures in {name}, {when}",
        )
    parser.add_argument("--every", type=int, default=1, help="look at every Nth frame")
    parser.add_argument("--json", type=Path, help="add the figures to this file")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the table and the plot")
    parser.add_argument("--from", dest="source", type=Path, help="figures for --write")
    return parser.parse_args()


def _exists(path: Path | None) -> bool:
    return path is not None and path.exists()


class Tiled:
    """A detector on overlapping tiles of the frame; its faces where tiles meet counted once."""

    def __init__(self, inner: Detector, columns: int, rows: int) -> None:
        self.card = inner.card
        self._inner = inner
        self._grid = (columns, rows)

    def detect(self, frame: Frame, region: Span = EVERYWHERE) -> list[Face]:  # noqa: ARG002
        """Find faces on all of `frame.small`, which is taken for the full frame."""
        height, width = frame.small.shape[:2]
        columns, rows = self._grid
        wide = round(width / (columns - (columns - 1) * TILE_OVERLAP))
        high = round(height / (rows - (rows - 1) * TILE_OVERLAP))
        found: list[Face] = []
        for left in np.linspace(0, width - wide, columns).astype(int):
            for top in np.linspace(0, height - high, rows).astype(int):
                part = np.ascontiguousarray(frame.small[top : top + high, left : left + wide])
                for face in self._inner.detect(shown(part)):
                    box = face.box
                    moved = Box(box.left + left, box.top + top, box.width, box.height)
                    found.append(Face(moved, face.score, None))
        return _distinct(found, self.card.detecting.nms_iou)


class Looking:
    """The product's looks with a detector in so many seconds of a still scene, as one answer."""

    def __init__(self, inner: Detector, seconds: float) -> None:
        self.card = inner.card
        self._inner = inner
        self._looks = range(round(seconds * DetectorSettings().looks_per_s) + 1)

    def detect(self, frame: Frame, region: Span = EVERYWHERE) -> list[Face]:  # noqa: ARG002
        """All faces of all looks, each once, as sure as the surest look."""
        schedule, fps = Schedule(Motion(), Meter()), DetectorSettings().looks_per_s
        space, score_min = Space(SpaceSettings()), self.card.detecting.score_min
        people = People(Tracking(), space, Limits(), _unknown, score_min=score_min)
        found: list[Face] = []
        for number in self._looks:
            now = replace(frame, sequence=number, captured_s=number / fps)
            where = schedule.due(now, people, fps, self._inner.tiles(now))
            if where is not None:
                faces = self._inner.detect(now, where)
                people.observe(now, faces, where)
                found += faces
        self.card = self._inner.card
        return _distinct(found, self.card.detecting.nms_iou)


def _unknown(_: Frame, faces: Sequence[Face], __: Sequence[bool]) -> list[Estimate]:
    return [Estimate(None, None)] * len(faces)


def _distinct(faces: list[Face], iou: float) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if all(face.box.iou(other.box) <= iou for other in kept):
            kept.append(face)
    return kept


def opened(name: str, folders: list[Path]) -> Detector:
    """The detector `name` from the first folder that has it; see the module for NAME:CxR."""
    named, _, seconds = name.partition("@")
    plain, _, tiles = named.partition(":")
    for folder in folders:
        if plain == HAAR or all(
            (folder / f"{c}.json").exists() for c in PRESETS.get(plain, (plain,))
        ):
            inner = open_detector(plain, folder)
            tiled = Tiled(inner, *map(int, tiles.split("x"))) if tiles else inner
            return Looking(inner, float(seconds)) if seconds else tiled
    raise ModelError(f"there is no detector {plain!r} in {', '.join(map(str, folders))}")


def cost(name: str, folders: list[Path]) -> dict[str, float]:
    """Processor → millions of instructions of the network for one 4:3 frame, where known.

    A Pi 5 runs the card's variant for 8-bit dot products, where there is one.
    """
    plain, _, tiles = name.partition("@")[0].partition(":")
    if plain in (HAAR, MTCNN):
        return {}
    path = next(p for f in folders if (p := f / f"{PRESETS.get(plain, (plain,))[0]}.json").exists())
    card = read_card(path)
    fast = read_card(path.with_name(f"{card.variants.get('dot_product', card.name)}.json"))
    times = math.prod(map(int, tiles.split("x"))) if tiles else 1
    found = {}
    for processor, used in zip(PROCESSORS, (card, fast), strict=True):
        known = used.evidence.get("arm_instructions", {})
        if processor in known:
            found[processor] = round(known[processor] * times / 1e6, 2)
    return found


def frames(clip: Path, every: int) -> Iterator[Image]:
    """Every Nth picture of a video file; none where it is no video."""
    video = cv2.VideoCapture(str(clip))
    number = 0
    while True:
        there, picture = video.read()
        if not there:
            return
        if number % every == 0:
            yield np.asarray(picture, np.uint8)
        number += 1


def shown(picture: Image) -> Frame:
    """The picture as a frame of its own size."""
    height, width = picture.shape[:2]
    return Frame(0, 0.0, picture, width, height, lambda: picture)


def sure(detector: Detector, picture: Image) -> list[Face]:
    """The faces that reach the card's threshold."""
    faces = detector.detect(shown(picture))
    return [face for face in faces if face.score >= detector.card.detecting.score_min]


@dataclass
class Found:
    """What a detector made of labelled pictures.

    answers: score, whether it is a face, and that face's width in pixels; widths: of all faces.
    Faces under 16 pixels count neither as missed nor, when found, as wrong.
    """

    score_min: float
    answers: list[tuple[float, bool, float]] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, faces: list[Face], truth: list[Box]) -> None:
        """One picture's faces against its labels, the surest first."""
        left = list(truth)
        self.widths += [box.width for box in truth]
        for face in sorted(faces, key=lambda one: -one.score):
            best = max(left, key=face.box.iou, default=None)
            right = best is not None and face.box.iou(best) >= SAME_FACE_IOU
            self.answers.append((face.score, right, best.width if right and best else 0.0))
            if right and best is not None:
                left.remove(best)

    def at(self, score_min: float) -> tuple[float, float]:
        """(precision, recall) at a threshold, over faces of at least 16 pixels."""
        said = [a for a in self.answers if a[0] >= score_min]
        wrong = sum(not right for _, right, _ in said)
        large = sum(right and width >= LEAST_FACE_PX for _, right, width in said)
        faces = sum(width >= LEAST_FACE_PX for width in self.widths)
        return large / max(large + wrong, 1), large / max(faces, 1)

    def figures(self) -> dict[str, object]:
        """Precision and recall at the card's threshold, by size, and at PRECISION_WANTED."""
        precision, recall = self.at(self.score_min)
        found: dict[str, object] = {
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "faces": sum(width >= LEAST_FACE_PX for width in self.widths),
            "by_width_px": self._by_width(),
        }
        scores = sorted({score for score, *_ in self.answers})
        enough = [self.at(s)[1] for s in scores if self.at(s)[0] >= PRECISION_WANTED]
        found[f"recall_at_precision_{PRECISION_WANTED}"] = round(max(enough, default=0.0), 4)
        return found

    def _by_width(self) -> dict[str, dict[str, float]]:
        rows = {}
        for least, most in zip(BINS_PX, (*BINS_PX[1:], 1e9), strict=True):
            faces = sum(least <= width < most for width in self.widths)
            right = sum(s >= self.score_min and r and least <= w < most for s, r, w in self.answers)
            name = f"{least}-{most}" if most < 1e9 else f"{least}+"
            rows[name] = {"faces": faces, "recall": round(right / max(faces, 1), 4)}
        return rows


def by_day(picture: Image) -> Image:
    """A picture as it is."""
    return picture


def at_night(picture: Image) -> Image:
    """A picture without colours."""
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.uint8)


def unfiltered(picture: Image) -> Image:
    """A BGR picture with as much near infra-red over it as there is visible light, as bright.

    Skin, cloth and leaves reflect it alike, and what is red rather more; the sensor's three filters
    let it through as INFRA_RED says.
    """
    seen = picture.astype(np.float32)
    infra_red = 80 + 0.6 * seen[..., 2]
    both = seen + infra_red[..., None] * np.float32(INFRA_RED)
    return np.clip(both * (1.1 * seen.mean() / both.mean()), 0, 255).astype(np.uint8)


INFRA_RED = (0.85, 0.55, 1.0)
"""Of blue, green and red."""
LIGHTS = {"grey": at_night, "purple": unfiltered}


def labelled(detector: Detector, path: Path, light: Callable[[Image], Image] = by_day) -> Found:
    """What the detector finds on the labelled pictures, 640 pixels wide, in some light."""
    found = Found(detector.card.detecting.score_min)
    with zipfile.ZipFile(path) as archive:
        for name, boxes, size in entries(json.loads(archive.read("boxes.json"))):
            pixels = np.frombuffer(archive.read(name), np.uint8)
            picture = cv2.resize(cv2.imdecode(pixels, cv2.IMREAD_COLOR), size)
            found.add(detector.detect(shown(light(np.asarray(picture, np.uint8)))), boxes)
    found.score_min = detector.card.detecting.score_min
    return found


def entries(
    rows: dict[str, dict[str, list[float]]],
) -> Iterator[tuple[str, list[Box], tuple[int, int]]]:
    """Each picture's name, boxes and own shape, 640 pixels wide; the files are squeezed square."""
    for name, row in rows.items():
        wide, high = row["original_size_wh_px"]
        size = (640, round(640 * high / wide))
        across, down = size[0] / 416, size[1] / 416
        boxes = [
            Box(x * across, y * down, w * across, h * down) for x, y, w, h in row["boxes_xywh_px"]
        ]
        yield name if name.startswith("images/") else f"images/{name}", boxes, size


if __name__ == "__main__":
    main()
