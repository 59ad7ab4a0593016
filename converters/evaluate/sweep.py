"""`agender-convert sweep`: which crop suits a network best, for each detector.

Faces are found once a detector; then the same faces are cut with every margin and every
alignment, by the device's own code, and estimated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.errors import ConvertError
from converters.evaluate import measures
from converters.evaluate.faces import Answers, chosen, labelled_face, load_network, padded
from converters.labels import Folder, Label, open_data
from edge import progress
from edge.runtime.detect import Detector, open_detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import Face, Image
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Alignment, Card, Crop, read_card
from edge.runtime.networks.model import Network

MARGINS = (-0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
SCALES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Eyes' distance in a crop, as a part of that in the tight chips the template was measured on."""
TEMPLATE = Alignment((0.30, 0.297), (0.70, 0.297), (0.5, 0.514), (0.5, 0.714))
"""Median landmarks of UTKFace's aligned chips, made symmetric."""
EXAMPLES = """examples:
  agender-convert sweep --model models_tflite/ssrnet_age_imdb.json --data fairface_dev.zip \\
      --detector near far
  agender-convert sweep --model models_tflite/ssrnet_age_imdb.json --data fairface_dev.zip \\
      --detector near far --write"""


@dataclass(frozen=True, slots=True)
class Found:
    """A labelled face in its picture."""

    picture: Image
    face: Face
    label: Label


@dataclass(frozen=True, slots=True)
class Row:
    """One crop tried on one detector's faces; error in years, accuracies 0..1, NaN: not said."""

    detector: str
    family: str
    crop: str
    margin: float | None
    faces: int
    error_years: float
    exact: float
    accuracy: float

    @property
    def merit(self) -> float:
        """Higher is better: accuracy, less a twentieth for each year of error (NaN counts 0)."""
        return float(np.nan_to_num(self.accuracy) - np.nan_to_num(self.error_years) / 20)


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "sweep",
        help="find the crop margin or alignment that suits a network",
        description="Try crop margins and alignments of a network for each detector.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, metavar="CARD", help="its card")
    parser.add_argument("--data", type=Path, required=True, help="ZIP or folder, as for evaluate")
    parser.add_argument("--detector", nargs="+", default=["near", "far"], help="presets or cards")
    parser.add_argument(
        "--models", type=Path, default=Path("models_tflite"), help="folder of the detectors"
    )
    parser.add_argument("--limit", type=int, help="use this many faces, drawn at random")
    parser.add_argument("--pad", type=float, default=0.0, help="room round each picture")
    parser.add_argument(
        "--write", action="store_true", help="write the best margin of each detector into the card"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sweep, print the table, and write the best margins where asked."""
    network = load_network(arguments.model)
    rows: list[Row] = []
    for name in arguments.detector:
        detector = open_detector(name, arguments.models)
        with open_data(arguments.data) as folder:
            labels = chosen(folder.labels, arguments.limit)
            found = list(_find(folder, labels, detector, arguments.pad))
        if not found:
            raise ConvertError(f"{name} found none of the {len(labels)} faces")
        rows += _tried(network, found, name, detector.card.detecting.family)
    print(render(rows))
    if arguments.write:
        write_margins(arguments.model, rows)
    return 0


def _find(
    folder: Folder, labels: Sequence[Label], detector: Detector, pad: float
) -> Iterator[Found]:
    for label in progress.over(labels, "faces"):
        picture = padded(folder.picture(label), pad)
        face = labelled_face(detector, picture)
        if face is not None:
            yield Found(picture, face, label)


def _tried(network: Network, found: Sequence[Found], name: str, family: str) -> Iterator[Row]:
    own = ("the card's own", None, network.card.estimating.crop)
    tried = _crops(with_keypoints=found[0].face.keypoints is not None)
    for text, margin, crop in (own, *tried):
        answers = _answers(Estimator([with_crop(network, crop)], family, Meter()), found)
        labelled = measures.Labelled(answers)
        age = measures.age_figures(answers, labelled).get("overall")
        gender = measures.gender_figures(answers, labelled, 0.5).get("overall")
        yield Row(
            name,
            family,
            text,
            margin,
            len(found),
            age.error_years if age else float("nan"),
            age.exact if age else float("nan"),
            gender.accuracy if gender else float("nan"),
        )


def _crops(with_keypoints: bool) -> Iterator[tuple[str, float | None, Crop]]:
    for margin in MARGINS:
        yield f"margin {margin:+.1f}", margin, Crop(margin=margin)
    for scale in SCALES if with_keypoints else ():
        yield f"aligned {scale:.1f}", None, Crop(margin=0.0, alignment=scaled(TEMPLATE, scale))


def scaled(template: Alignment, scale: float) -> Alignment:
    """The template, shrunk towards the middle of the crop: more of the head is seen."""
    places = msgspec.to_builtins(template)
    return Alignment(
        **{name: tuple(0.5 + (v - 0.5) * scale for v in place) for name, place in places.items()}
    )


def with_crop(network: Network, crop: Crop) -> Network:
    """The same network, cut for otherwise."""
    card = network.card
    estimator = msgspec.structs.replace(card.estimating, crop=crop)
    return network.described(msgspec.structs.replace(card, estimator=estimator))


def _answers(estimator: Estimator, found: Sequence[Found]) -> Answers:
    estimates = [estimator.estimate(one.picture, [one.face])[0] for one in found]
    return Answers(
        tuple(one.label for one in found),
        _numbers([estimate.age_years for estimate in estimates]),
        _numbers([estimate.female for estimate in estimates]),
        0,
    )


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def render(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; the best of each detector is marked."""
    best = {
        name: max((row for row in rows if row.detector == name), key=lambda row: row.merit)
        for name in {row.detector for row in rows}
    }
    lines = ["| detector | crop | faces | age error, years | exact band | gender accuracy | |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in rows:
        figures = (f"{row.error_years:.2f}", f"{row.exact:.3f}", f"{row.accuracy:.3f}")
        said = " | ".join("–" if figure == "nan" else figure for figure in figures)
        mark = "best" if row is best[row.detector] else ""
        lines.append(f"| {row.detector} | {row.crop} | {row.faces} | {said} | {mark} |")
    return "\n".join(lines)


def write_margins(path: Path, rows: Sequence[Row]) -> None:
    """Put each detector family's best plain margin into the bundle's card."""
    card: Card = read_card(path)
    crop = card.estimating.crop
    margins = dict(crop.margins)
    for family in {row.family for row in rows}:
        plain = [row for row in rows if row.family == family and row.margin is not None]
        margins[family] = max(plain, key=lambda row: row.merit).margin or 0.0
    crop = msgspec.structs.replace(crop, margins=dict(sorted(margins.items())))
    estimator = msgspec.structs.replace(card.estimating, crop=crop)
    bundle.rewrite(path, msgspec.structs.replace(card, estimator=estimator))
