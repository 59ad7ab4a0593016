"""What the detector's second look and the estimator take away: faces lost and non-faces removed, by
face size.

python -m benchmarks.second_look ../shared/data/faces_or_not.zip
python -m benchmarks.second_look faces_or_not.zip --estimator agender_64 --unseen
python -m benchmarks.second_look faces_or_not.zip --preset far --json second_look.json

The data are crops as the device cuts them for its estimator, a row each in labels.csv: `face` (1 or
0), `box_px` (the face's width in a picture 640 wide), `score` (the detector's) and `category`. Each
crop is judged as a visit of this one look would be; a visit of several is kept by the best of
them, so that fewer of either kind are dropped there. With --estimator a crop is dropped as well
where that network takes it for no face; --unseen leaves out what the network's training learned
from, as its card's `training` says.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.runtime.detect import open_detector, open_rescorer
from edge.runtime.estimate.decode import decode
from edge.runtime.estimate.second_look import SecondLook
from edge.runtime.frame import Box, Face, Frame, Image
from edge.runtime.meter import Meter
from edge.runtime.networks.model import load

MODELS = Path(__file__).resolve().parent.parent / "models_tflite"
BINS_PX = (13, 24, 40)
"""Least widths of the bins, of 640; the last is open."""
MARGIN = 0.55
"""What the estimator's crop holds round the face, of the face's longer side."""


class Labelled(NamedTuple):
    """One crop, height × width × 3 uint8 BGR, and its row."""

    picture: Image
    is_face: bool
    width_px: float
    score: float
    category: str
    source: str
    licence: str


def labelled(path: Path) -> Iterator[Labelled]:
    """The crops of a ZIP with labels.csv."""
    with zipfile.ZipFile(path) as archive:
        rows = csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"), "utf-8"))
        for row in rows:
            encoded = np.frombuffer(archive.read(row["image"]), np.uint8)
            picture = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
            width_px, score = float(row["box_px"]), float(row["score"])
            names = (row[name] for name in ("category", "source", "licence"))
            yield Labelled(picture, row["face"] == "1", width_px, score, *names)


class Judge:
    """Decides as a visit would that had this one look."""

    def __init__(self, preset: str, estimator: str | None = None) -> None:
        """`estimator`: a card of the folder of models, whose word counts as well."""
        card = open_detector(preset, MODELS).card
        rescorer = open_rescorer(card, MODELS)
        rules = card.detecting.second_look
        if rescorer is None or rules is None:
            raise SystemExit(f"benchmarks.second_look: {preset} does not look again")
        self._rules = rules
        self._look = SecondLook(rules, rescorer.input, rescorer.score, Meter())
        self._network = load(estimator, MODELS) if estimator else None

    def drops(self, one: Labelled) -> bool:
        """Whether it is told to be nobody."""
        return self._unlike_a_face(one) or self._taken_for_none(one)

    def _taken_for_none(self, one: Labelled) -> bool:
        """By the estimator."""
        if self._network is None:
            return False
        card = self._network.card
        says = [output for output in card.estimating.outputs if output.attribute == "face"]
        if not says:
            return False
        size = (card.input.width, card.input.height)
        crop = cv2.cvtColor(cv2.resize(one.picture, size), cv2.COLOR_BGR2RGB)
        outputs = self._network.run(np.asarray(crop, np.uint8)[None])
        return bool(decode(outputs[says[0].tensor], says[0])[0] < card.estimating.face_min)

    def learned(self, one: Labelled) -> bool:
        """Whether the estimator's training saw what comes of this crop's source."""
        if self._network is None:
            return False
        how = self._network.card.evidence.get("training", {}).get("not_faces", {})
        kept = (*how.get("judged_by", ()), *how.get("left_out", ()))
        return one.licence in how.get("licences", ()) and one.source not in kept

    def _unlike_a_face(self, one: Labelled) -> bool:
        """By the second look."""
        side = one.picture.shape[1]
        face = side / (1 + 2 * MARGIN)
        box = Box((side - face) / 2, (side - face) / 2, face, face)
        (score,) = self._look.scores(_shown(one.picture), [Face(box, one.score)])
        unlike = score is not None and score < self._rules.score_min
        return unlike and one.score < self._rules.mean_min


def _shown(picture: Image) -> Frame:
    height, width = picture.shape[:2]
    return Frame(0, 0.0, picture, width, height, lambda: picture)


def measure(judge: Judge, path: Path, *, unseen: bool = False) -> dict[str, dict[str, list[int]]]:
    """Kind → bin or category → [dropped, of how many]; unseen: of what no training saw."""
    found: dict[str, dict[str, list[int]]] = {"faces": {}, "no faces": {}, "categories": {}}
    counts = defaultdict(lambda: [0, 0])
    for one in labelled(path):
        if one.width_px < BINS_PX[0] or (unseen and judge.learned(one)):
            continue
        dropped = judge.drops(one)
        kind = "faces" if one.is_face else "no faces"
        keys = [(kind, _bin(one.width_px)), (kind, "all")]
        keys += [] if one.is_face else [("categories", one.category)]
        for key in keys:
            counts[key][0] += dropped
            counts[key][1] += 1
    for (kind, name), pair in sorted(counts.items()):
        found[kind][name] = pair
    return found


def _bin(width_px: float) -> str:
    least = max(edge for edge in BINS_PX if edge <= width_px)
    later = [edge for edge in BINS_PX if edge > least]
    return f"{least}–{later[0]} px" if later else f"{least} px and more"


def main() -> None:
    """Print the table; write it as JSON where asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.second_look",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="ZIP of crops and labels.csv")
    parser.add_argument("--preset", default="far", help="detector (default: %(default)s)")
    parser.add_argument("--estimator", help="its word counts as well, such as agender_64")
    parser.add_argument("--unseen", action="store_true", help="without what its training saw")
    parser.add_argument("--json", type=Path, help="write the table here")
    options = parser.parse_args()
    if not options.data.is_file():
        sys.exit(f"benchmarks.second_look: there is no file {options.data}")
    judge = Judge(options.preset, options.estimator)
    table = measure(judge, options.data, unseen=options.unseen)
    for kind, rows in table.items():
        for name, (dropped, of) in rows.items():
            print(f"{kind:12}{name:18}{dropped:>6} of {of:>5} dropped{100 * dropped / of:>8.1f} %")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
