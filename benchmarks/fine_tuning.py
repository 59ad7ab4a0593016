"""Whether fine-tuning helps, and whether it says so: a few faces of the same and of other kinds.

    python -m benchmarks.fine_tuning --data ../shared/data/fairface_train.zip \\
        --heads ../shared/data/fairface_dev.zip

For each kind of picture and each number of faces `agender-convert train --start` is run as a user
runs it. Start and result are then compared on faces that the run has never seen: others of the
same set, and the balanced heads. Kinds other than `same` are made of the pictures: grey; seen from
above (foreshortened, the forehead nearest); a mask from the nose to the chin. Needs the extras
converters and train; half an hour on a core.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from converters.cli import main as convert
from converters.labels import BANDS, open_data
from converters.train.batches import plain_crops
from converters.train.chips import Chips, Find, central_face, cut_chips, finder
from converters.train.compare import Change, Comparison, Whose, compare
from converters.train.finish import answers, errors, labels_of
from converters.train.settings import Settings
from edge.runtime.detect import open_detector
from edge.runtime.frame import Image
from edge.runtime.networks.card import read_card, read_model

MODELS = Path(__file__).resolve().parent.parent / "models_tflite"
START = MODELS / "agender_64.json"
MASKS = ((240, 235, 230), (210, 170, 120), (35, 30, 30))
"""White, light blue and black, in BGR."""
HEAD = (
    "| kind | faces | verdict | unseen faces: age error, years | gender right "
    "| balanced heads: age error, years | gender right |\n|---|---|---|---|---|---|---|"
)
Kind = Callable[[Image, int], Image | None]


def main() -> None:
    """Print a row for each kind and number of faces."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="labelled faces to draw from")
    parser.add_argument("--heads", type=Path, required=True, help="labelled heads to judge by")
    parser.add_argument("--faces", type=int, nargs="+", default=[220, 1500])
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=list(KINDS))
    parser.add_argument("--unseen", type=int, default=1500, help="faces to judge by (default 1500)")
    parser.add_argument("--seed", type=int, default=7, help="which faces are drawn (default 7)")
    options = parser.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as place:
        for kind in options.kinds:
            judges = _judges(options, kind, Path(place))
            for faces in options.faces:
                print(
                    _row(options, kind, faces, judges, Path(place) / f"{kind}_{faces}"), flush=True
                )


def _judges(options: argparse.Namespace, kind: str, place: Path) -> list[Chips]:
    """The faces that no run sees, of this kind: the last of the drawn order, and the heads."""
    order = _order(options.data, options.seed)
    unseen = made(options.data, order[-options.unseen :], KINDS[kind], place / f"{kind}_unseen")
    heads = made(options.heads, _order(options.heads, 0), KINDS[kind], place / f"{kind}_heads")
    return [_chips(path) for path in (unseen, heads)]


def _order(data: Path, seed: int) -> list[int]:
    with open_data(data) as folder:
        return np.random.default_rng(seed).permutation(len(folder.labels)).tolist()


def made(data: Path, rows: Sequence[int], kind: Kind, out: Path) -> Path:
    """These pictures of a data set, each made one of the kind, as a data set in `out`."""
    (out / "images").mkdir(parents=True)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["image", "age_band", "gender"])
    with open_data(data) as folder:
        for number, row in enumerate(rows):
            label = folder.labels[row]
            picture = kind(folder.picture(label), number)
            if picture is not None:
                name = f"images/{number}.png"
                cv2.imwrite(str(out / name), picture)
                writer.writerow([name, BANDS[label.band], ("male", "female")[label.female]])
    (out / "labels.csv").write_text(table.getvalue())
    return out


def grey(picture: Image, _: int) -> Image:
    """Without colours."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def from_above(picture: Image, _: int) -> Image:
    """As from a ceiling: what is above is nearer, the whole is foreshortened."""
    height, width = picture.shape[:2]
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    seen = np.array([[-0.12, 0.1], [1.12, 0.1], [0.78, 0.88], [0.22, 0.88]], np.float32)
    size = np.array([width, height], np.float32)
    matrix = cv2.getPerspectiveTransform(flat * size, seen * size)
    return np.asarray(
        cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    )


def masked(picture: Image, number: int) -> Image | None:
    """A mask from the bridge of the nose to under the chin; None where no face is found."""
    face = central_face(picture, _find(), Settings().data.detector_score_min)
    if face is None or face.keypoints is None:
        return None
    right, left, nose, mouth = (np.array([point.x, point.y]) for point in face.keypoints)
    across, down = left - right, mouth - (right + left) / 2
    bridge, chin = nose - 0.35 * (mouth - nose), mouth + 0.75 * down
    corners = [bridge, nose + 0.85 * across - 0.1 * down, mouth + 0.7 * across + 0.3 * down, chin,
               mouth - 0.7 * across + 0.3 * down, nose - 0.85 * across - 0.1 * down]  # fmt: skip
    made_of = picture.copy()
    cv2.fillPoly(made_of, [np.array(corners, np.int32)], MASKS[number % len(MASKS)], cv2.LINE_AA)
    return made_of


KINDS: dict[str, Kind] = {
    "same": lambda picture, _: picture,
    "grey": grey,
    "from above": from_above,
    "masks": masked,
}


@cache
def _find() -> Find:
    return finder(open_detector(Settings().data.detector, MODELS))


def _chips(data: Path) -> Chips:
    with open_data(data) as folder:
        return cut_chips(folder, _find(), Settings().data, _quiet)


def _quiet(_done: int, _of: int) -> None:
    """No progress is shown."""


def _row(
    options: argparse.Namespace, kind: str, faces: int, judges: Sequence[Chips], place: Path
) -> str:
    """Train as a user does, and compare."""
    order = _order(options.data, options.seed)
    data = made(options.data, order[:faces], KINDS[kind], place / "data")
    out = place / "out"
    config = place / "mine.toml"
    config.write_text('name = "mine"\n')
    start = START.with_suffix(".tflite")
    command = ["train", "--data", data, "--config", config, "--out", out, "--models", MODELS]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        convert([str(part) for part in (*command, "--start", start)])
    found = [path for path in sorted(out.glob("mine*.json")) if "float32" not in path.stem]
    if not found:
        return f"| {kind} | {faces} | nothing new learned: nothing written | | | | |"
    parts = [part for chips in judges for part in _parts(compared(found[0], chips))]
    verdict = VERDICTS[found[0].stem.removeprefix("mine")]
    return f"| {kind} | {faces} | {verdict} | {' | '.join(parts)} |"


VERDICTS = {
    "": "better",
    "_no_better": "not surely better: called mine_no_better",
    "_worse": "worse: called mine_worse",
}


def compared(card: Path, chips: Chips) -> Comparison:
    """The start and the bundle `card` on all of these faces."""
    members = np.arange(len(chips))
    crops = plain_crops(chips, members, Settings())
    labels = labels_of(chips, members)
    said = []
    for path in (START, card):
        read = read_card(path)
        said.append(answers(read, read_model(read, path.with_suffix(".tflite")), crops))
    return compare(*(errors(one, labels) for one in said), Whose(members, chips.band))


def _parts(found: Comparison) -> list[str]:
    return [_shown(found.age_error_years, 2), _shown(found.gender_accuracy, 3)]


def _shown(change: Change, digits: int) -> str:
    low, high = (f"{value:+.{digits}f}" for value in (change.low, change.high))
    return f"{change.start:.{digits}f} → {change.result:.{digits}f} ({low} … {high})"


if __name__ == "__main__":
    main()
