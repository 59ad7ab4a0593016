"""Numbers → bars drawn as SVG. Each chart has a table beside it that tells the same in text.

They are drawn here and not in the browser: a few dozen bars need no library, are there without a
script, follow light and dark by the style sheet, and a screen reader hears one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.messages.bands import TOLD_GENDERS, cell_key
from edge.page.html import Element, add
from edge.page.words import Words
from edge.report.columns import NOTHING
from edge.report.figures import Report

HIGH = 100
"""Of the bars, in units of their own: the style sheet stretches them."""
TICKS = 8


class Bar(NamedTuple):
    """A number and what it is of; None: not known."""

    label: str
    value: int | None


def bars(parent: Element, name: str, drawn: Sequence[Bar]) -> None:
    """Upright bars, with a label below every few of them."""
    figure = add(parent, "div", class_="chart")
    most = max([bar.value or 0 for bar in drawn] + [1])
    add(figure, "p", str(most), class_="most", aria_hidden="true")
    picture = add(
        figure, "svg", viewBox=f"0 0 {len(drawn)} {HIGH}", preserveAspectRatio="none",
        role="img", aria_label=name,
    )  # fmt: skip
    for place, bar in enumerate(drawn):
        high = HIGH * (bar.value or 0) / most
        rect = add(picture, "rect", x=f"{place + 0.1:.1f}", y=f"{HIGH - high:.2f}", width="0.8",
                   height=f"{high:.2f}")  # fmt: skip
        add(rect, "title", f"{bar.label}: {NOTHING if bar.value is None else bar.value}")
    _ticks(figure, drawn)


def _ticks(figure: Element, drawn: Sequence[Bar]) -> None:
    every = -(-len(drawn) // TICKS)
    axis = add(figure, "div", class_="axis", aria_hidden="true")
    for bar in drawn[::every]:
        add(axis, "span", bar.label)


def pyramid(parent: Element, report: Report, words: Words) -> None:
    """Bands from old to young, women to the left and men to the right: a table with bars in it."""
    sums = report.total.sums
    bands = list(reversed(report.bands))
    cells = {(g, band): sums[cell_key(g, band)] for g in TOLD_GENDERS for band in bands}
    most = max([*cells.values(), 1])
    around = add(parent, "table", class_="pyramid")
    add(around, "caption", words("pyramid"))
    head = add(add(around, "thead"), "tr")
    for key, columns in (("women", "2"), ("age", "1"), ("men", "2")):
        add(head, "th", words(key), scope="col", colspan=columns)
    body = add(around, "tbody")
    for band in bands:
        women, men = (cells[gender, band] for gender in TOLD_GENDERS)
        row = add(body, "tr")
        add(row, "td", str(women))
        _sideways(add(row, "td", class_="left"), women / most, left=True)
        add(row, "th", words.band(band), scope="row")
        _sideways(add(row, "td", class_="right"), men / most, left=False)
        add(row, "td", str(men))


def _sideways(cell: Element, share: float, *, left: bool) -> None:
    picture = add(cell, "svg", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")
    wide = 100 * share
    add(picture, "rect", x=f"{100 - wide if left else 0:.1f}", y="0", width=f"{wide:.1f}",
        height="10", class_="women" if left else "men")  # fmt: skip


def most_of(drawn: Iterable[Bar]) -> Bar | None:
    """The highest bar; None where nobody was counted."""
    return max((bar for bar in drawn if bar.value), key=lambda bar: bar.value or 0, default=None)
