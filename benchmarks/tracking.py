"""Identity over time on synthetic scenes: the product's tracker against plain overlap.

`gated` is the product's tracker too, shown only the frames on which the product would look for
faces: the scenes are painted for its motion gate, as moving figures before a noisy wall.

python -m benchmarks.tracking                 # 200 scenes at 5, 8, 10, 15 and 30 frames/s
python -m benchmarks.tracking --missed 0.3 --turned 0.5   # heads that turn, a weak detector
python -m benchmarks.tracking --scenes 20 --fps 10 --trackers product --json tracking.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.runtime.people.tracker import Rules, Tracker
from tests.people.gated import GatedTracker
from tests.people.plain import PlainTracker
from tests.people.scenes import HEIGHT, WIDTH, Detector, Shot, scene, shots
from tests.people.scoring import Following, Score, score

RULES = Rules(score_min=0.4, confirm_s=0.3, confirm_hits=3, patience_s=1.5, resume_s=4.0)
TRACKERS: dict[str, Callable[[Sequence[Shot]], Following]] = {
    "product": lambda _: Tracker(RULES, (WIDTH, HEIGHT)),
    "gated": lambda seen: GatedTracker(RULES, seen),
    "plain overlap": lambda _: PlainTracker(RULES),
}


def run(name: str, fps: float, scenes: int, detector: Detector) -> dict[str, float | str]:
    """One row: a tracker over so many scenes of about ten people each."""
    total, frames, looks, spent_s = Score(), 0, 0, 0.0
    for seed in range(scenes):
        seen = list(shots(scene(seed), fps, seed, detector))
        began_s = time.perf_counter()
        tracker = TRACKERS[name](seen)
        total += score(tracker, seen)
        spent_s += time.perf_counter() - began_s
        frames += len(seen)
        looks += getattr(tracker, "looks", len(seen))
        if sys.stderr.isatty():
            print(f"\r{name}, {fps:g} fps: {seed + 1}/{scenes}", end="\r", file=sys.stderr)
    return {
        "tracker": name,
        "fps": fps,
        "people": total.people,
        "switches_percent": round(total.share(total.switches), 2),
        "doubles_percent": round(total.share(total.doubles), 2),
        "missed_percent": round(total.share(total.missed), 2),
        "ghosts_percent": round(total.share(total.ghosts), 2),
        "looked_at_percent": round(100 * looks / frames, 1),
        "us_per_frame": round(1e6 * spent_s / frames, 1),
    }


def main() -> None:
    """Print the table; write it as JSON where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=200, help="scenes a row (default 200)")
    parser.add_argument("--fps", type=float, nargs="+", default=[5, 8, 10, 15, 30])
    parser.add_argument(
        "--trackers", nargs="+", choices=TRACKERS, default=list(TRACKERS), help="these (all)"
    )
    parser.add_argument("--missed", type=float, default=0.1, help="detections missed (0.1)")
    parser.add_argument(
        "--turned", type=float, default=0.0, help="people who turn away for 0.5 to 3 s (0)"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    options = parser.parse_args()
    detector = Detector(missed=options.missed, turned=options.turned)
    rows = [
        run(name, fps, options.scenes, detector) for fps in options.fps for name in options.trackers
    ]
    print(f"{'tracker':<14}{'fps':>5}{'people':>8}{'switches':>10}{'doubles':>9}", end="")
    print(f"{'missed':>8}{'ghosts':>8}{'looked at':>11}{'µs/frame':>10}")
    for row in rows:
        print(f"{row['tracker']:<14}{row['fps']:>5g}{row['people']:>8}", end="")
        print("".join(f"{row[f'{k}_percent']:>{w}} %" for k, w in _COLUMNS), end="")
        print(f"{row['us_per_frame']:>10}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


_COLUMNS = (
    ("switches", 8),
    ("doubles", 7),
    ("missed", 6),
    ("ghosts", 6),
    ("looked_at", 9),
)

if __name__ == "__main__":
    main()
