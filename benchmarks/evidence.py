"""How many estimates a person is worth: accuracy of the fused answer against their number.

    python -m benchmarks.evidence --data ../shared/data/fairface_dev.zip
    python -m benchmarks.evidence --data ../shared/data/fairface_dev.zip --approach --blur 2

Each labelled face is seen twelve times as a camera might see it: smaller, noisier, turned a little,
lit otherwise; with --approach the smallest first, as of somebody who walks up to the camera, one a
half second; with --blur out of focus, each view up to so many of its own pixels, the smallest most.
The product's own rule then decides how many of them it takes. Every row has
the same faces and the same estimates of each.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import open_estimator
from edge.runtime.frame import Box, Estimate, Face, Frame, Image, Keypoints, Point
from edge.runtime.people.evidence import Evidence, Limits

VIEWS = 12
BETWEEN_S = 0.5
MODELS = Path(__file__).resolve().parent.parent / "models_tflite"
FACE_PX = (24.0, 70.0)
ADULT_YEARS, CHILD_YEARS = 20.0, 18.0
Seen = tuple[bool, tuple[float, float], list[tuple[float, Estimate]]]
"""Whether a woman; the age band in years; quality and estimate of each view."""


def main() -> None:
    """Print a row a limit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="images/ and labels.csv in a ZIP")
    parser.add_argument("--faces", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--most", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 8])
    parser.add_argument("--approach", action="store_true", help="the worst view first")
    parser.add_argument("--model", default="agender_64", help="the estimator (default agender_64)")
    parser.add_argument("--blur", type=float, default=0.0, metavar="PX",
                        help="deviation of the blur of the smallest views (default 0)")  # fmt: skip
    options = parser.parse_args()
    people = list(seen(options.data, options.faces, options.model, options.blur))
    for _, _, views in people:
        views.sort(key=(lambda view: view[0]) if options.approach else (lambda _: 0.0))
    print(f"{len(people)} people\n{'most':>5}{'taken':>8}{'gender':>9}{'told':>8}{'band':>7}"
          f"{'aged':>7}{'children':>10}")  # fmt: skip
    for most in options.most:
        print(row(people, most))


def seen(data: Path, count: int, model: str, blur_px: float) -> Iterator[Seen]:
    """Faces that a detector finds, and what the product's estimator says of their views."""
    near = open_detector("near", MODELS)
    estimator = open_estimator([model], MODELS, near.card.detecting.family)
    rng = random.Random(0)
    with zipfile.ZipFile(data) as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"))))
        for entry in rng.sample(rows, min(count, len(rows))):
            pixels = np.frombuffer(archive.read(entry["image"]), np.uint8)
            picture = np.asarray(cv2.imdecode(pixels, cv2.IMREAD_COLOR), np.uint8)
            height, width = picture.shape[:2]
            faces = near.detect(Frame(0, 0.0, picture, width, height, lambda shown=picture: shown))
            if not faces:
                continue
            face = max(faces, key=lambda found: found.box.width)
            views = [view(picture, face, rng, blur_px) for _ in range(VIEWS)]
            told = [(q, estimator.estimate(shown, [there])[0]) for shown, there, q in views]
            yield entry["gender"].lower() == "female", _years(entry["age_band"]), told


def row(people: Sequence[Seen], most: int) -> str:
    """Of all people: estimates taken, gender right where it is told, told, age within its band
    where one is told, told; of the adults that are told an age, told under 18.
    """
    taken = right = told = inside = aged = adults = children = 0
    limits = replace(Limits(), estimates_max=most, gender_confidence_min=0.65)
    for woman, (low, high), views in people:
        evidence = Evidence(limits)
        for index, (quality, estimate) in enumerate(views):
            if evidence.wish(quality, index * BETWEEN_S) > 0:
                evidence.add(estimate, quality, index * BETWEEN_S)
                taken += 1
        fused = evidence.fused()
        female, age = fused.told_female(limits), fused.age_years
        if female is not None:
            told += 1
            right += female == woman
        if age is not None:
            aged += 1
            inside += low <= age < high
            adults += low >= ADULT_YEARS
            children += low >= ADULT_YEARS and age < CHILD_YEARS
    count = len(people)
    return (
        f"{most:>5}{taken / count:>8.2f}{right / max(told, 1):>9.3f}{told / count:>8.3f}"
        f"{inside / max(aged, 1):>7.3f}{aged / count:>7.3f}{children / max(adults, 1):>10.3f}"
    )


def view(
    picture: Image, face: Face, rng: random.Random, blur_px: float
) -> tuple[Image, Face, float]:
    """The face as a camera sees it, its face in that picture, and its quality."""
    wide = rng.uniform(*FACE_PX)
    scale, turn = wide / face.box.width, rng.gauss(0, 8)
    centre = face.box.centre
    matrix = cv2.getRotationMatrix2D(centre, turn, scale)
    side = round(wide * 3)
    matrix[:, 2] += side / 2 - np.array(centre)
    shown = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_AREA,
                           borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    if blur_px:
        least, most = FACE_PX
        deviation = blur_px * rng.uniform(0.3, 1) * (most - wide) / (most - least)
        shown = cv2.GaussianBlur(shown, (0, 0), max(deviation, 0.1))
    light = shown * rng.uniform(0.6, 1.3) + np.random.default_rng(rng.randrange(2**31)).normal(
        0, rng.uniform(1, 8), shown.shape
    )
    box = Box(side / 2 - wide / 2, side / 2 - wide / 2, wide, wide)
    points = None
    if face.keypoints is not None:
        moved = [matrix @ (p.x, p.y, 1) for p in face.keypoints]
        noise = 0.02 * wide
        points = Keypoints(*(Point(x + rng.gauss(0, noise), y + rng.gauss(0, noise))
                             for x, y in moved))  # fmt: skip
    quality = min(wide / 64, 1.0) * rng.uniform(0.3, 0.9)
    return np.asarray(light.clip(0, 255), np.uint8), Face(box, 0.9, points), quality


def _years(band: str) -> tuple[float, float]:
    """ "20-29" → (20, 30); "more than 70" → (70, 120)."""
    if "-" not in band:
        return 70.0, 120.0
    low, high = band.split("-")
    return float(low), float(high) + 1


if __name__ == "__main__":
    main()
