"""What an estimator says of faces as cameras give them: dark, small, grey, out of focus.

    python -m benchmarks.worn_faces --data ../shared/data/fairface_dev.zip
    python -m benchmarks.worn_faces --data held_out.zip --pad 0.25 --model old.json agender_64

Each labelled face is found in its picture as it is, then the picture is worn and the same face
estimated: who is lost to the detector then is another question. Two figures are of what the device
would tell, with the card's rules (`age_sharpness_min`, `age_deviation_max_years`): how many faces
are told an age, and how many of the adults that are told one are told under 18.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from converters.evaluate.faces import chosen, labelled_face, padded
from converters.evaluate.measures import bands_of
from converters.labels import ADULT_BAND, BAND_MIDDLES, Label, open_data
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import Box, Estimate, Face, Image, Keypoints, Point
from edge.runtime.meter import Meter
from edge.runtime.networks.card import read_card
from edge.runtime.networks.model import opened

MODELS = Path(__file__).resolve().parent.parent / "models_tflite"
CHILD_YEARS = 18.0
COLUMNS = ("kind", "faces", "years", "exact", "one off", "gender", "adults", "women", "men",
           "told an age", "adults under 18")  # fmt: skip


class Seen(NamedTuple):
    """One face as it was worn: what was said of it by force, and what the device would tell."""

    label: Label
    said: Estimate
    told: Estimate


def dark(picture: Image, face: Face) -> tuple[Image, Face]:
    """A quarter of the light, and a sensor's noise."""
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    return np.clip(picture * 0.25 + noise, 0, 255).astype(np.uint8), face


def grey(picture: Image, face: Face) -> tuple[Image, Face]:
    """Without colour, as by infra-red light."""
    single = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(single, cv2.COLOR_GRAY2BGR), np.uint8), face


def small(width_px: float, blur_px: float = 0.0) -> Callable[[Image, Face], tuple[Image, Face]]:
    """So few pixels wide, and out of focus by a Gaussian of this deviation, in these pixels."""

    def worn(picture: Image, face: Face) -> tuple[Image, Face]:
        scale = width_px / face.box.width
        size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
        little = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        if blur_px:
            little = cv2.GaussianBlur(little, (0, 0), blur_px)
        return np.asarray(little, np.uint8), _scaled(face, scale)

    return worn


KINDS: dict[str, Callable[[Image, Face], tuple[Image, Face]]] = {
    "as it is": lambda picture, face: (picture, face),
    "grey": grey,
    "a quarter of the light": dark,
    "24 px wide": small(24),
    "16 px wide": small(16),
    "24 px, blur of 1 px": small(24, 1),
    "24 px, blur of 2 px": small(24, 2),
}


def _scaled(face: Face, scale: float) -> Face:
    box = Box(*(part * scale for part in (face.box.left, face.box.top, face.box.width,
                                          face.box.height)))  # fmt: skip
    points = face.keypoints
    moved = points and Keypoints(*(Point(p.x * scale, p.y * scale) for p in points))
    return Face(box, face.score, moved)


def seen(options: argparse.Namespace, estimator: Estimator) -> Iterator[tuple[str, Seen]]:
    """Every found face in every kind."""
    detector = open_detector(options.detector, MODELS)
    with open_data(options.data) as folder:
        for label in chosen(folder.labels, options.limit):
            picture = padded(folder.picture(label), options.pad)
            face = labelled_face(detector, picture)
            if face is None:
                continue
            for kind, wear in KINDS.items():
                worn, there = wear(picture, face)
                (said,) = estimator.estimate(worn, [there], sharp_only=False)
                (told,) = estimator.estimate(worn, [there])
                yield kind, Seen(label, said, told)


def row(kind: str, faces: list[Seen]) -> tuple[str, ...]:
    """The figures of one kind, in the order of COLUMNS."""
    band = np.array([one.label.band for one in faces])
    woman = np.array([one.label.female for one in faces])
    years = np.array([one.said.age_years for one in faces], float)
    right = (np.array([one.said.female for one in faces], float) > 0.5) == woman
    told = np.array([one.told.age_years is not None for one in faces])
    off, adult = np.abs(bands_of(years) - band), band >= ADULT_BAND
    children = (years < CHILD_YEARS)[told & adult]
    figures = [(off == 0).mean(), (off <= 1).mean(), right.mean(), right[adult].mean()]
    figures += [right[adult & woman].mean(), right[adult & ~woman].mean(), told.mean()]
    figures += [children.mean() if len(children) else 0.0]
    error = np.abs(years - np.array(BAND_MIDDLES)[band]).mean()
    return (kind, str(len(faces)), f"{error:.2f}", *(f"{figure:.3f}" for figure in figures))


def main() -> None:
    """Print a table a network, in Markdown."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.worn_faces",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="ZIP or folder, as for evaluate")
    parser.add_argument("--model", nargs="+", default=["agender_64"],
                        help="cards, by name or path (default agender_64)")  # fmt: skip
    parser.add_argument("--detector", default="far", help="default: %(default)s")
    parser.add_argument("--pad", type=float, default=0.0, help="as for evaluate")
    parser.add_argument("--limit", type=int, help="so many faces, drawn at random")
    options = parser.parse_args()
    for name in options.model:
        path = Path(name) if name.endswith(".json") else MODELS / f"{name}.json"
        estimator = Estimator([opened(read_card(path), path)], "grid", Meter())
        found: dict[str, list[Seen]] = {kind: [] for kind in KINDS}
        for kind, one in seen(options, estimator):
            found[kind].append(one)
        print(f"\n{path.stem}\n\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
        for kind, faces in found.items():
            print(f"| {' | '.join(row(kind, faces))} |")


if __name__ == "__main__":
    main()
