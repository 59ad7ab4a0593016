"""The plots of a report, one PNG."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from converters.evaluate.result import Result
from converters.labels import BANDS
from edge.runtime.networks.card import Confusion

mpl.use("Agg")
PANEL_INCHES = 4.2
DPI = 80
NO_METADATA = {"Software": None}
"""The same result gives the same bytes whatever version draws it."""


def draw(result: Result) -> bytes:
    """Confusion matrices, error by band and reliability, as far as the result has them."""
    panels: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        (_confusion, (f"{name}: share of each true class", confusion))
        for name, confusion in result.confusion.items()
    ]
    if result.age:
        panels.append((_error_by_band, (result,)))
    if result.reliability:
        panels.append((_reliability, (result,)))
    figure = Figure(figsize=(PANEL_INCHES * len(panels), PANEL_INCHES), layout="constrained")
    for axes, (draw_panel, arguments) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True
    ):
        draw_panel(axes, *arguments)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata=NO_METADATA)
    return out.getvalue()


def _confusion(axes: Any, title: str, confusion: Confusion) -> None:
    counts = np.array(confusion.counts, float)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for row, column in np.ndindex(*shares.shape):
        if counts[row, column]:
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{shares[row, column]:.2f}".removeprefix("0")
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    places = range(len(confusion.labels))
    axes.set_xticks(places, confusion.labels, rotation=45, fontsize=8)
    axes.set_yticks(places, confusion.labels, fontsize=8)
    axes.set(xlabel="answer", ylabel="truth", title=title)


def _error_by_band(axes: Any, result: Result) -> None:
    found = [(band, result.age[band]) for band in BANDS if band in result.age]
    axes.bar([band for band, _ in found], [age.error_years for _, age in found], color="#4a7fb0")
    axes.plot([age.bias_years for _, age in found], "k.-", label="bias (answer − truth)")
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.tick_params(axis="x", rotation=45, labelsize=8)
    axes.legend(fontsize=8)
    axes.set(xlabel="true age band", ylabel="years", title="mean absolute age error")


def _reliability(axes: Any, result: Result) -> None:
    said = [one.mean_probability_female for one in result.reliability]
    share = [one.share_female for one in result.reliability]
    sizes = [one.faces for one in result.reliability]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.plot(said, share, color="#4a7fb0")
    axes.scatter(said, share, s=[20 + 200 * size / sum(sizes) for size in sizes], color="#4a7fb0")
    axes.set(
        xlabel="said probability of a woman",
        ylabel="share that are women",
        title="reliability (dots: share of the faces)",
        xlim=(0, 1),
        ylim=(0, 1),
    )
