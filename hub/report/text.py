"""A report as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hub.report.build import Report, Row

HEAD = ("people", "women", "men", "unknown", "untold", "looked", "weighted", "lost", "missing")
LEGEND = (
    "untold: people in windows that tell nothing else of them; looked: share of the windows' time "
    "that the\ncamera looked; weighted: no count, but what people would be, had it looked all that "
    "time; -: not known"
)


def as_text(report: Report) -> str:
    """A table, places and notes."""
    question = report.question
    parts = [f"{question.first} to {question.last}, by {question.by}, per {question.per}"]
    if report.rows:
        parts += ["\n".join(_table(report)), LEGEND]
    else:
        parts.append("nothing is stored of it")
    if report.places:
        parts.append("\n".join(f"{name}: {_cell(n)}" for name, n in report.places.items()))
    if report.notes:
        parts.append("\n".join(f"note: {note}" for note in report.notes))
    return "\n\n".join(parts) + "\n"


def _table(report: Report) -> Iterator[str]:
    """Columns two spaces apart; when and who to the left, numbers to the right."""
    before = [f"{report.compared} before"] if report.compared else []
    lines: list[Sequence[str]] = [(report.question.by, report.question.per, *HEAD, *before)]
    lines += [(*_cells(row), *(_cell(row.before) for _ in before)) for row in report.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            text.ljust(width) if place < 2 else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    told = row.figures
    keys = ("people", "female", "male", "gender_unknown", "untold_people")
    coverage, weighted = told["coverage"], told["people_coverage_weighted"]
    return (
        row.start,
        f"{row.site}/{row.device}" if row.device else row.site,
        *(_cell(told[key]) for key in keys),
        _cell(None if coverage is None else _percent(coverage)),
        _cell(None if weighted is None else f"{weighted:.1f}"),
        _cell(told["lost"]),
        str(row.missing),
    )


def _percent(share: float) -> str:
    """0.62 → "62 %". What is not quite nothing or everything is not told as that."""
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
