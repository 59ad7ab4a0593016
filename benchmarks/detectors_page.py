"""The figures of `benchmarks/detectors.py` as a table and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MARK = "<!-- figures: benchmarks/detectors.py --write -->"
FREE_MARKS = ("<!-- free chain: benchmarks/detectors.py --write -->", "<!-- end of free chain -->")
FREE, DEFAULT = "near", "far"
"""The detector that a shop may run by weights and data, and the one that it replaces."""
BINS = ("8-16", "16-24", "24-32", "32-64", "64+")
CLIPS = {
    "face-demographics-walking.gif": 2,
    "again.mkv": 1,
    "car-detection.gif": 0,
}
"""Clip → how many people there are to see in each frame."""
WANTED = "recall_at_precision_0.9"


def line(name: str, row: dict[str, Any]) -> str:
    """One detector's figures on the labelled pictures, for a terminal."""
    found = row["labelled"]
    sizes = " ".join(f"{b} {found['by_width_px'][b]['recall']:.3f}" for b in BINS)
    return (
        f"{name:28} precision {found['precision']:.3f} recall {found['recall']:.3f} "
        f"at precision .9 {found[WANTED]:.3f} ({found['faces']} faces) by width: {sizes}"
    )


def write(page: Path, results: dict[str, dict[str, Any]]) -> None:
    """Put the table after the page's mark, and the plot beside the page as PAGE.svg."""
    head = page.read_text("utf-8").split(MARK)[0] if page.exists() else ""
    begin, end = FREE_MARKS
    if begin in head and {FREE, DEFAULT} <= set(results):
        before, _, rest = head.partition(begin)
        head = f"{before}{begin}\n\n{price(results)}\n{end}{rest.partition(end)[2]}"
    page.write_text(head + MARK + "\n\n" + table(results), "utf-8")
    plot(page.with_suffix(".svg"), results)


def table(results: dict[str, dict[str, Any]]) -> str:
    """Markdown: cost, precision, recall by width, and clips; the cheapest first."""
    head = "| detector | Pi 4 / Pi 5 | precision | recall | at precision .9 |"
    head += "".join(f" {b} |" for b in BINS) + " walkers | skull | cars |"
    lines = [head, "|" + "---|" * (8 + len(BINS))]
    for name, row in sorted(results.items(), key=lambda item: _price(item[1])):
        found = row["labelled"]
        cost = " / ".join(f"{n:.1f}" for n in row["cost"].values()) or "not counted"
        cells = [name, cost, *(f"{found[k]:.3f}" for k in ("precision", "recall", WANTED))]
        cells += [f"{found['by_width_px'][b]['recall']:.2f}" for b in BINS]
        cells += [_right(row.get("clips", {}).get(clip), n) for clip, n in CLIPS.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def price(results: dict[str, dict[str, Any]]) -> str:
    """Markdown: what the free detector finds less of than the default, by the face's width."""
    lines = [
        f"| face's width, pixels of 640 | faces | found by `{FREE}` | by `{DEFAULT}` | lost |",
        "|---|---|---|---|---|",
    ]
    free, usual = (results[name]["labelled"]["by_width_px"] for name in (FREE, DEFAULT))
    for width in BINS:
        found, other = free[width]["recall"], usual[width]["recall"]
        cells = (width, str(free[width]["faces"]), f"{found:.2f}", f"{other:.2f}")
        lines.append("| " + " | ".join((*cells, f"{other - found:.2f}")) + " |")
    return "\n".join(lines) + "\n"


def _right(counts: dict[str, int] | None, people: int) -> str:
    """In how many of a clip's frames the right number of faces is found."""
    return f"{counts.get(str(people), 0)} of {sum(counts.values())}" if counts else ""


def _price(row: dict[str, Any]) -> float:
    return float(row["cost"].get("cortex-a72", 1e9))


def plot(path: Path, results: dict[str, dict[str, Any]]) -> None:
    """Recall against instructions; left and high is better."""
    from matplotlib import rcParams  # noqa: PLC0415 - only the page needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    rcParams["svg.hashsalt"] = "agender-edge"
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, row in results.items():
        if not row["cost"]:
            continue
        spot = (row["cost"]["cortex-a72"], row["labelled"]["recall"])
        ours = name.startswith("farface") or name in ("far", "near", "crowd")
        axes.scatter(*spot, color="C1" if ours else "C0", zorder=3)
        axes.annotate(name, spot, xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel("Cortex-A72 instructions a frame, millions")
    axes.set_ylabel("recall, faces from 16 px in 640, at the card's threshold")
    axes.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
