"""Arm instructions per frame and stage, on a Pi 4 and a Pi 5, whoever else is busy meanwhile.

    python -m benchmarks.arm             # count, print a table beside the budgets
    python -m benchmarks.arm --check     # fail where a figure left the reference (arm.json)
    python -m benchmarks.arm --write     # make what was counted the reference
    python -m benchmarks.arm --markdown  # the table as docs/performance.md shows it
    python -m benchmarks.arm --reference --units   # as percent of a core, as the README shows it

The vision process runs as it ships, under emulation, before a room that is empty, through which
somebody walks without showing a face, or in which one, four or eight people sway; a plugin of the
emulator counts what it executes. Reading the camera is not part of a frame's figures, everything
after it is, and so are the marks that tell the stages apart (about a thousand instructions each).
The machine is put together on first use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.arm_table import in_markdown, in_text, in_units
from converters.errors import ConvertError
from converters.footage import PORTRAIT
from converters.profile import machine
from converters.profile.machine import PROCESSORS, WHEELS, Machine, Processor

ROOT = Path(__file__).resolve().parent.parent
GUEST = Path(__file__).with_name("arm_guest.py")
REFERENCE = Path(__file__).with_name("arm.json")
MARK = "instructions "
TOLERANCE = 0.03
SLACK = 30_000
"""Instructions a figure may change by in any case: a line of Python more is no matter."""

Layers = dict[str, float]
"""Whose code: "network", "opencv" or "python" (with NumPy and all else)."""
Counts = dict[str, dict[str, Layers]]
"""Scene → stage → layer → instructions a frame."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Frames of the bare room, which warm up, then the frames that are counted."""

    name: str
    faces: int
    empty: int
    counted: int
    settings: tuple[str, ...] = ()
    backs: int = 0
    """People who walk by and show no face."""


ALWAYS = ("motion.enabled=false",)
"""A look at every frame, however little moves."""

SCENES = (
    # Two sweeps' time of it; the first second after a start is looked at frame by frame.
    Scene("empty", 0, 20, 40),
    Scene("a back", 0, 20, 40, backs=1),
    Scene("0 faces", 0, 5, 20, ALWAYS),
    Scene("1 face", 1, 5, 50, ALWAYS),
    Scene("4 faces", 4, 5, 50, ALWAYS),
    Scene("8 faces", 8, 5, 50, ALWAYS),
)


def main() -> int:
    """Count, and do with it what was asked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.arm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="exit 1 where a figure changed")
    parser.add_argument("--write", action="store_true", help="write the reference")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--units", action="store_true", help="print percent of a core")
    parser.add_argument("--reference", action="store_true", help="count nothing, show arm.json")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="another configuration, as of agender-edge run")  # fmt: skip
    options = parser.parse_args()
    try:
        result = json.loads(REFERENCE.read_text()) if options.reference else measured(options.set)
    except ConvertError as error:
        print(f"benchmarks.arm: {error}", file=sys.stderr)
        return 1
    form = in_units if options.units else in_markdown if options.markdown else in_text
    print(form(result))
    if options.write:
        REFERENCE.write_text(json.dumps(result, indent=1) + "\n")
    if not options.check:
        return 0
    changes = list(differences(result, json.loads(REFERENCE.read_text())))
    print("\n".join(changes) or "every figure is within 3 % of the reference", file=sys.stderr)
    return bool(changes)


def measured(settings: Sequence[str] = ()) -> dict[str, Any]:
    """Everything, both processors; scenes run side by side, which changes no count."""
    emulated = machine.build()
    jobs = [(processor, scene) for processor in PROCESSORS for scene in SCENES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda job: run(emulated, *job, settings), jobs)
        found = dict(zip(jobs, runs, strict=True))
    return {
        "wheels": list(WHEELS),
        "processors": {
            processor.name: {
                "board": processor.board,
                "scenes": {scene.name: found[processor, scene] for scene in SCENES},
            }
            for processor in PROCESSORS
        },
    }


def run(
    emulated: Machine, processor: Processor, scene: Scene, settings: Sequence[str]
) -> dict[str, Any]:
    """One scene on one processor → its counts, and how many visits it ended with."""
    numbers = map(str, (scene.faces, scene.backs, scene.empty, scene.counted))
    given = [str(GUEST), str(PORTRAIT), *numbers, *scene.settings, *settings]
    lines = emulated.run(processor, given, [ROOT]).splitlines()
    totals = [int(line.removeprefix(MARK)) for line in lines if line.startswith(MARK)]
    said = json.loads(lines[-1])
    if len(totals) != len(said["stages"]):
        raise ConvertError(f"{scene.name}: {len(said['stages'])} marks, {len(totals)} counted")
    if said["visits"] != scene.faces:
        raise ConvertError(f"{scene.name}: {said['visits']} people were counted: is it detected?")
    spent: Counter[tuple[str, str]] = Counter()
    window = 0
    for (frame, stage, layer), before, after in zip(
        said["stages"][1:], totals[:-1], totals[1:], strict=True
    ):
        if frame > scene.empty and stage != "capture":
            spent[stage, layer] += after - before
        window += (after - before) * (frame == 0 and stage == "publish")
    stages: dict[str, Layers] = {}
    for (stage, layer), count in sorted(spent.items()):
        stages.setdefault(stage, {})[layer] = round(count / scene.counted)
    return {"stages": stages, "window": window}


def differences(now: dict[str, Any], reference: dict[str, Any]) -> Iterator[str]:
    """A sentence for every figure that is not what it was."""
    if now["wheels"] != reference["wheels"]:
        yield "other wheels than the reference's: run with --write once the figures are judged"
    for name, processor in now["processors"].items():
        for scene, counts in processor["scenes"].items():
            was = reference["processors"].get(name, {}).get("scenes", {}).get(scene, {})
            here, there = _sums(counts), _sums(was)
            for stage in sorted({*here, *there}):
                new, old = here.get(stage, 0), there.get(stage, 0)
                if abs(new - old) > max(TOLERANCE * old, SLACK):
                    yield f"{name}, {scene}, {stage}: {new:,} instructions, {old:,} before"


def _sums(counts: dict[str, Any]) -> dict[str, int]:
    """Stage → instructions, and their total."""
    stages = {name: sum(layers.values()) for name, layers in counts.get("stages", {}).items()}
    return {**stages, "frame": sum(stages.values()), "window": counts.get("window", 0)}


if __name__ == "__main__":
    sys.exit(main())
