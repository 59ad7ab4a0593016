"""What detectors find: people per frame on clips, and precision and recall on labelled pictures.

    python benchmarks/detectors.py far near haar --clips ../shared/data/clips
    python benchmarks/detectors.py far yunet --models DIR --boxes ../shared/data/wider_dev.zip

The labelled pictures are a ZIP of images/ and boxes.json (image → boxes_xywh_px).
"""

from __future__ import annotations

import argparse
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.runtime.detect import Detector, open_detector
from edge.runtime.frame import Box, Frame, Image

LEAST_FACE_PX = 16
SAME_FACE_IOU = 0.5


def main() -> None:
    """Print a line a detector and clip, and a line a detector for the labelled pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("detectors", nargs="+")
    parser.add_argument("--models", type=Path, default=Path("models_tflite"))
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--boxes", type=Path)
    parser.add_argument("--every", type=int, default=1, help="look at every Nth frame")
    arguments = parser.parse_args()
    for name in arguments.detectors:
        detector = open_detector(name, arguments.models)
        for clip in sorted(arguments.clips.iterdir()) if arguments.clips else ():
            counts = Counter(len(sure(detector, f)) for f in frames(clip, arguments.every))
            if counts:
                said = ", ".join(f"{n}: {times}" for n, times in sorted(counts.items()))
                print(f"{name:24} {clip.name:40} faces: frames = {said}", flush=True)
        if arguments.boxes:
            found, wrong, missed = labelled(detector, arguments.boxes)
            print(
                f"{name:24} precision {found / max(found + wrong, 1):.3f} "
                f"recall {found / max(found + missed, 1):.3f} ({found + missed} faces)",
                flush=True,
            )


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


def sure(detector: Detector, picture: Image) -> list[Box]:
    """The boxes that reach the card's threshold."""
    height, width = picture.shape[:2]
    faces = detector.detect(Frame(0, 0.0, picture, width, height, lambda: picture))
    return [face.box for face in faces if face.score >= detector.card.detecting.score_min]


def labelled(detector: Detector, path: Path) -> tuple[int, int, int]:
    """Faces found, found where none is, and missed, over faces of at least 16 pixels."""
    totals = np.zeros(3, int)
    with zipfile.ZipFile(path) as archive:
        for entry in entries(json.loads(archive.read("boxes.json"))):
            name, boxes, size = entry
            pixels = np.frombuffer(archive.read(name), np.uint8)
            picture = cv2.resize(cv2.imdecode(pixels, cv2.IMREAD_COLOR), size)
            totals += compare(sure(detector, np.asarray(picture, np.uint8)), boxes)
    return int(totals[0]), int(totals[1]), int(totals[2])


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


def compare(found: list[Box], truth: list[Box]) -> tuple[int, int, int]:
    """(right, wrong, missed); small faces count neither as missed nor, when found, as wrong."""
    left = list(truth)
    right = wrong = 0
    for box in found:
        best = max(left, key=box.iou, default=None)
        if best is None or box.iou(best) < SAME_FACE_IOU:
            wrong += 1
            continue
        left.remove(best)
        right += best.width >= LEAST_FACE_PX
    return right, wrong, sum(box.width >= LEAST_FACE_PX for box in left)


if __name__ == "__main__":
    main()
