"""Counts of Arm instructions as tables: the figures with their budgets, then stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MEGA = 1e6
STAGES = ("gate", "resize", "detect", "decode", "crop", "estimate", "track", "census", "publish",
          "rest")  # fmt: skip
BUDGETS: dict[str, tuple[float, float]] = {
    "empty static scene, per captured frame (M)": (3.0, 3.0),
    "frame with detection, no face, by turns (M)": (30.0, 18.0),
    "the same while somebody walks by, seen from behind (M)": (30.0, 18.0),
    "each new person, all estimates together (M)": (60.0, 30.0),
    "frame with 4 people, detection on, average over a visit (M)": (45.0, 28.0),
    "of it outside networks and OpenCV (%)": (10.0, 10.0),
}
"""What must be reached: Pi 4 class, Pi 5 class."""
VISIT_FRAMES = 50

LOOKS_PER_S = 15
"""As `detector.looks_per_s` has it."""
INSTRUCTIONS_PER_CYCLE = 1.0
"""An assumption: cores like these retire one to three, and wait for memory at times."""
CLOCK_GHZ = {"Raspberry Pi 4": 1.8, "Raspberry Pi 5": 2.4}
SCENES = {
    "empty": "nobody, nothing moves",
    "1 face": "one person in view",
    "4 faces": "four",
    "8 faces": "eight",
}
"""Scene of the reference → its words."""


def figures(scenes: dict[str, Any]) -> list[float]:
    """The figures that BUDGETS bounds, in its order."""
    four = scenes["4 faces"]["stages"]
    closer = sum(_stage(four, stage) for stage in ("crop", "estimate"))
    python = sum(layers.get("python", 0) for layers in four.values())
    return [
        _frame(scenes["empty"]["stages"]) / MEGA,
        _frame(scenes["0 faces"]["stages"]) / MEGA,
        _frame(scenes["a back"]["stages"]) / MEGA,
        closer * VISIT_FRAMES / 4 / MEGA,
        _frame(four) / MEGA,
        100 * python / _frame(four),
    ]


def in_text(result: dict[str, Any]) -> str:
    """For a terminal."""
    rows = list(_rows(result))
    widths = [max(len(row[i]) for row in rows if len(row) > i) for i in range(max(map(len, rows)))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])] if row else [""]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def in_markdown(result: dict[str, Any]) -> str:
    """For docs/performance.md."""
    lines: list[str] = []
    head = True
    for row in _rows(result):
        if not row:
            head = True
            lines.append("")
            continue
        lines.append(f"| {' | '.join(row)} |")
        if head:
            lines.append("|---|" + "---:|" * (len(row) - 1))
        head = False
    return "\n".join(lines)


def in_units(result: dict[str, Any]) -> str:
    """What the README says: percent of a core, by LOOKS_PER_S and INSTRUCTIONS_PER_CYCLE."""
    processors = list(result["processors"].values())
    lines = [
        f"| percent of one core, {LOOKS_PER_S} frames a second | "
        + " | ".join(f"{one['board']} ({CLOCK_GHZ[one['board']]:g} GHz)" for one in processors)
        + " |",
        "|---|" + "---:|" * len(processors),
    ]
    for scene, words in SCENES.items():
        shares = [_share_of_core(one, scene) for one in processors]
        lines.append(f"| {words} | " + " | ".join(f"{share:.0f} %" for share in shares) + " |")
    return "\n".join(lines)


def _share_of_core(processor: dict[str, Any], scene: str) -> float:
    a_second = LOOKS_PER_S * _frame(processor["scenes"][scene]["stages"])
    return 100 * a_second / (INSTRUCTIONS_PER_CYCLE * CLOCK_GHZ[processor["board"]] * 1e9)


def _rows(result: dict[str, Any]) -> Iterator[list[str]]:
    """Tables, an empty row between two; the first row of each is its head."""
    processors = result["processors"].values()
    yield ["", *(head for one in processors for head in (one["board"], "budget"))]
    found = [figures(one["scenes"]) for one in processors]
    for index, (name, budgets) in enumerate(BUDGETS.items()):
        cells = [name]
        for row, most in zip(found, budgets, strict=True):
            cells += [_judged(row[index], most), f"{most:g}"]
        yield cells
    for one in processors:
        scenes = one["scenes"]
        yield []
        yield [f"{one['board']}, M instructions a frame", *scenes]
        for stage in STAGES:
            yield [stage, *(f"{_stage(s['stages'], stage) / MEGA:.2f}" for s in scenes.values())]
        yield ["total", *(f"{_frame(s['stages']) / MEGA:.2f}" for s in scenes.values())]
        for layer in ("network", "opencv", "python"):
            sums = (sum(x.get(layer, 0) for x in s["stages"].values()) for s in scenes.values())
            yield [f"of it {layer}", *(f"{count / MEGA:.2f}" for count in sums)]
        yield ["a window, when it closes", *(f"{s['window'] / MEGA:.2f}" for s in scenes.values())]


def _judged(value: float, most: float) -> str:
    return f"{value:.2f}" + (" !" if value > most else "")


def _stage(stages: dict[str, dict[str, float]], name: str) -> float:
    return sum(stages.get(name, {}).values())


def _frame(stages: dict[str, dict[str, float]]) -> float:
    return sum(map(sum, (layers.values() for layers in stages.values())))
