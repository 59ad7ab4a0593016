"""A report as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge.messages.bands import TOLD_GENDERS, UNKNOWN
from edge.report.columns import (
    GENDERS,
    LABELS,
    PEOPLE_HEAD,
    SHARES,
    age_cells,
    beside_name,
    change,
    estimate,
    looked_sentence,
    people_cells,
    percent,
    place_name,
)
from edge.report.figures import Figures, Report

BAR = 20
"""Letters of the longest bar."""


def as_text(report: Report, opening_hours: str) -> str:
    """Paragraphs: the total, what it is held beside, hours or days, ages, what is not known."""
    parts = (
        _head(report),
        _rows(report),
        _ages(report),
        _places(report.total),
        _unknown(report, opening_hours),
    )
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _head(report: Report) -> Iterator[str]:
    period = report.period
    days = "" if period.kind == "day" else f" ({period.first} to {period.last})"
    until = f", until {report.until}" if report.until else ""
    yield f"{report.device}, {period.kind} {period.name}{days}{until}"
    total = report.total
    if not total.known:
        yield "nothing is kept of it"
    else:
        yield f"{total.sums['people']} people{_split(total)}"
        yield from _corrected(report)
    for one in report.beside:
        people = f"{one.figures.sums['people']}, " if one.figures.known else ""
        yield f"{beside_name(one)}: {people}{change(one)}"


def _split(total: Figures) -> str:
    if not total.told_people:
        return ""
    told = [f"{total.sums[key]} {LABELS[key]}" for key in GENDERS]
    return f", of {total.told_people} told of: {', '.join(told)}"


def _corrected(report: Report) -> Iterator[str]:
    """The estimates of genders, in words; those of ages stand in their table."""
    genders = [
        f"{LABELS[key]} {estimate(report.estimates, f'est_{key}')}"
        for key in TOLD_GENDERS
        if f"est_{key}" in report.estimates
    ]
    if genders:
        yield f"corrected for the network's errors: {', '.join(genders)}"


def _rows(report: Report) -> list[str]:
    most = max((row.figures.sums["people"] for row in report.rows), default=0)
    head = ("hour" if report.period.kind == "day" else "day", *PEOPLE_HEAD, "looked", "")
    rows = [
        (row.label, *people_cells(row.figures), percent(row.figures.looked.share),
         "█" * round(BAR * row.figures.sums["people"] / most) if most else "")
        for row in report.rows
        if row.figures.known or row.figures.looked.open_s
    ]  # fmt: skip
    return list(_table(head, rows)) if rows else []


def _ages(report: Report) -> list[str]:
    total = report.total
    if not total.told_people:
        return []
    rows = [age_cells(report, band) for band in (*report.bands, UNKNOWN)]
    head = ("age", "people", "share", "women", "men", "corrected")
    return list(_table(head, rows))


def _places(total: Figures) -> list[str]:
    told = {"people passed by without showing a face": total.sums["passers"],
            "visits turned out to be no face": total.sums["not_faces"]}  # fmt: skip
    return [f"{place_name(key)}: {people}" for key, people in total.places.items()] + [
        f"{number} {what}" for what, number in told.items() if number
    ]


def _unknown(report: Report, opening_hours: str) -> Iterator[str]:
    yield looked_sentence(report.total, opening_hours)
    for name, share in report.total.shares.items():
        if share is not None:
            yield f"{percent(share)} {SHARES[name]}"
    yield from (f"note: {note.text}" for note in report.notes)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns two spaces apart: the first and a last one without a name to the left."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [
            text.ljust(width) if column == 0 or not head[column] else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
