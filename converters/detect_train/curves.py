"""curves.csv → curves.png."""

from __future__ import annotations

import csv
from pathlib import Path


def draw(table: Path, picture: Path) -> bool:
    """Draw the losses of the CSV file `table`; False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    for name in ("loss", "held_out"):
        axes.plot([int(r["epoch"]) for r in rows], [float(r[name]) for r in rows], label=name)
    axes.set_xlabel("epoch")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    return True
