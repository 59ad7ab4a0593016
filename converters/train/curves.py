"""curves.csv → curves.png."""

from __future__ import annotations

import csv
from pathlib import Path

PANELS = (("loss",), ("exact", "one_off"), ("years",), ("gender", "gender_adults"))


def draw(table: Path, picture: Path) -> bool:
    """Draw the training curves of the CSV file `table`; False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(12, 3), layout="constrained")
    for axes, names in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for name in names:
            axes.plot([int(r["epoch"]) for r in rows], [float(r[name]) for r in rows], label=name)
        axes.set_xlabel("epoch")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    return True
