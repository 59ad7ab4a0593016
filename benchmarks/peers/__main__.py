"""What a frame costs here and with what else a user could pick: same clips, machine and run.

    python -m benchmarks.peers cost --clip ../shared/data/clips --weights ../shared/weights
    python -m benchmarks.peers accuracy --data ../shared/data/fairface_dev.zip
    python -m benchmarks.peers table

`cost` runs every system on every clip in turn, several rounds over, and compares processor time
a frame: of the whole process, from the file to the answer, one thread each. `accuracy` lets each
system look at labelled faces with its own detector and crops. Both write what they found into
benchmarks/peers/reference.json, `table` puts it into docs/peers.md.

Each peer is installed into an environment of its own in the user's cache when it is first needed;
one that can't be installed is reported as missing. WEIGHTS is a folder with ssrnet/ (imdb.h5 and
imdb_gender_models.h5) and ssd_res10/ (OpenCV's .pb and .pbtxt).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2

from benchmarks.peers import measure, text
from benchmarks.peers.systems import BY_NAME, OURS, SYSTEMS, System
from benchmarks.peers.workers import FailedError, started
from edge.host import readings
from edge.runtime.capture.opencv import hush

HERE = Path(__file__).resolve().parent
REFERENCE = HERE / "reference.json"
PAGE = HERE.parents[1] / "docs" / "peers.md"
Reference = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    cost = verbs.add_parser("cost", help="processor time a frame")
    cost.add_argument("--clip", type=Path, nargs="+", default=[Path("../shared/data/clips")],
                      help="videos, or folders of them")  # fmt: skip
    cost.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    cost.add_argument("--sample", type=int, default=16,
                      help="frames a clip and round for peers (default: %(default)s)")  # fmt: skip
    cost.set_defaults(run=_cost)
    accuracy = verbs.add_parser("accuracy", help="age error and gender accuracy")
    accuracy.add_argument(
        "--data", type=Path, required=True, help="as for agender-convert evaluate"
    )
    accuracy.set_defaults(run=_accuracy)
    table = verbs.add_parser("table", help="print the table and put it into docs/peers.md")
    table.add_argument("--docs", type=Path, default=PAGE, help="(default: docs/peers.md)")
    table.set_defaults(run=_table)
    for verb in (cost, accuracy):
        verb.add_argument("--systems", nargs="+", choices=BY_NAME, help="(default: all)")
        verb.add_argument("--weights", type=Path, default=Path("../shared/weights"), metavar="DIR")
    for verb in (cost, accuracy, table):
        verb.add_argument("--json", type=Path, default=REFERENCE, help="(default: %(default)s)")
    return parser


def _cost(arguments: argparse.Namespace) -> int:
    clips = _clips(arguments.clip)
    systems = _chosen(arguments.systems)
    if OURS not in [system.name for system in systems]:
        systems = [BY_NAME[OURS], *systems]
    with started(systems, arguments.weights) as (workers, missing):
        found, failed = measure.costs(workers, clips, arguments.rounds, arguments.sample)
    result = {
        "machine": f"{readings.processor()} ({platform.machine()}), Python "
        f"{platform.python_version()}, OpenCV {cv2.__version__}",
        "rounds": arguments.rounds,
        "sample": arguments.sample,
        "clips": [clip.name for clip in clips],
        "missing": missing | failed,
        "systems": measure.summary(found),
    }
    _save(arguments.json, "cost", result)
    print(text.costs(_read(arguments.json)))
    return 1 if missing or failed else 0


def _accuracy(arguments: argparse.Namespace) -> int:
    asked = [s for s in _chosen(arguments.systems) if not s.same_answers_as and s.name != OURS]
    result: Reference = {OURS: measure.our_accuracy(arguments.data)}
    with started(asked, arguments.weights) as (workers, missing):
        for name, worker in workers.items():
            print(f"{name} looks at {arguments.data.name} ...", file=sys.stderr)
            try:
                result[name] = measure.accuracy(worker, arguments.data)
            except FailedError as error:
                missing[name] = str(error)
    _save(arguments.json, "accuracy", _merged(arguments, result, missing))
    print(text.accuracies(_read(arguments.json)))
    return 1 if missing else 0


def _merged(arguments: argparse.Namespace, result: Reference, missing: dict[str, str]) -> Reference:
    """The new figures beside those of the systems that were not asked, on the same data."""
    before = _read(arguments.json).get("accuracy", {})
    if before.get("data") == arguments.data.name:
        result = before["systems"] | result
        missing = {n: why for n, why in before["missing"].items() if n not in result} | missing
    return {"data": arguments.data.name, "missing": missing, "systems": result}


def _table(arguments: argparse.Namespace) -> int:
    reference = _read(arguments.json)
    print(text.whole(reference))
    text.put(arguments.docs, text.whole(reference))
    return 0


def _clips(given: Sequence[Path]) -> list[Path]:
    """The videos among files and folders; the program ends where there is none."""
    hush()
    files = [
        file
        for path in given
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if cv2.VideoCapture(str(file), cv2.CAP_FFMPEG).isOpened()
    ]
    if not files:
        sys.exit(f"no video in {', '.join(map(str, given))}: give some with --clip")
    return files


def _chosen(names: Sequence[str] | None) -> list[System]:
    return [system for system in SYSTEMS if names is None or system.name in names]


def _read(path: Path) -> Reference:
    reference: Reference = json.loads(path.read_text()) if path.is_file() else {}
    return reference


def _save(path: Path, part: str, content: Reference) -> None:
    """Put one part into the reference; the other stays as it was."""
    path.write_text(json.dumps(_read(path) | {part: content}, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
