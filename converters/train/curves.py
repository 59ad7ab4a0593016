"""curves.csv → curves.png."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

PANELS = (("loss",), ("exact", "one_off"), ("years",), ("gender", "gender_adults"))


def draw(table: Path, picture: Path, panels: Sequence[Sequence[str]] = PANELS) -> bool:
    """Draw columns of the CSV file `table`, a panel for each group of them.

    → False where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(3 * len(panels), 3), layout="constrained")
    for axes, names in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name in names:
            axes.plot([int(r["epoch"]) for r in rows], [float(r[name]) for r in rows], label=name)
        axes.set_xlabel("epoch")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    return True
