"""A report as one HTML file: tables and SVG bars, no script, nothing that is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

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

WIDE, HIGH = 720, 160
"""Of the chart, in units of its own."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #c9ced6; --bar: #2f6fb0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #15181c; --line: #454c56; --bar: #6fa8dc; }
}
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; margin: 0 0 1.5rem; display: block; overflow-x: auto; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; }
svg rect { fill: var(--bar); }
svg text { fill: var(--ink); font-size: 11px; }
""".strip()


def as_html(report: Report, opening_hours: str) -> str:
    """The whole file; it looks right in a light and a dark browser, and on paper."""
    title = escape(f"{report.device}: {report.period.kind} {report.period.name}")
    body = "\n".join(_body(report, title, opening_hours))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{STYLE}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _body(report: Report, title: str, opening_hours: str) -> Iterator[str]:
    total, period = report.total, report.period
    yield f"<h1>{title}</h1>"
    until = f", until {report.until}" if report.until else ""
    yield f"<p>{period.first} to {period.last}{until}. {_people(total)}</p>"
    yield _chart(report)
    yield _beside(report)
    yield _rows(report)
    if total.told_people:
        yield _ages(report)
    yield from _places(total)
    yield "<h2>What is not known</h2>\n<ul>"
    yield _item(f"{looked_sentence(total, opening_hours)}.")
    for name, share in total.shares.items():
        if share is not None:
            yield _item(f"{percent(share)} {SHARES[name]}.")
    yield from (_item(f"{note.text}.") for note in report.notes)
    yield "</ul>"


def _people(total: Figures) -> str:
    if not total.known:
        return "Nothing is kept of it."
    genders = ", ".join(f"{total.sums[key]} {LABELS[key]}" for key in GENDERS)
    told = f"; of {total.told_people} told of: {genders}" if total.told_people else ""
    return f"<strong>{total.sums['people']} people</strong>{told}."


def _chart(report: Report) -> str:
    """People of each hour or day, as bars; the table below has the same numbers."""
    rows = report.rows
    most = max([row.figures.sums["people"] for row in rows] + [1])
    step = WIDE / len(rows)
    every = -(-len(rows) // 12)
    parts = []
    for place, row in enumerate(rows):
        people = row.figures.sums["people"]
        high = HIGH * people / most
        parts.append(
            f'<rect x="{place * step + 1:.1f}" y="{HIGH - high:.1f}" width="{step - 2:.1f}" '
            f'height="{high:.1f}"><title>{escape(row.label)}: {people}</title></rect>'
        )
        if place % every == 0:
            parts.append(f'<text x="{place * step:.1f}" y="{HIGH + 14}">{_tick(row.label)}</text>')
    each = "hour" if report.period.kind == "day" else "day"
    name = f"People by {each}, at most {most}"
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH + 20}" role="img" aria-label="{name}">'
        f"{''.join(parts)}</svg>"
    )


def _tick(label: str) -> str:
    return escape(label[-5:])


def _beside(report: Report) -> str:
    rows = [
        [beside_name(one),
         people_cells(one.figures)[0], change(one), percent(one.figures.looked.share)]
        for one in report.beside
    ]  # fmt: skip
    return _table("Beside", ["period", "people", "change", "looked"], rows)


def _rows(report: Report) -> str:
    rows = [
        [row.label, *people_cells(row.figures), percent(row.figures.looked.share)]
        for row in report.rows
    ]
    by = "hour" if report.period.kind == "day" else "day"
    return _table(f"By {by}", [by, *PEOPLE_HEAD, "looked"], rows)


def _ages(report: Report) -> str:
    sums, found = report.total.sums, report.estimates
    rows = [age_cells(report, band) for band in (*report.bands, UNKNOWN)]
    for gender in TOLD_GENDERS:
        share = percent(sums[gender] / report.total.told_people)
        rows.append([LABELS[gender], str(sums[gender]), share, "", "",
                     estimate(found, f"est_{gender}")])  # fmt: skip
    head = ["", "people", "share", "women", "men", "corrected for the network's errors"]
    return _table("By age and gender", head, rows)


def _places(total: Figures) -> Iterator[str]:
    told = {place_name(key): people for key, people in total.places.items()}
    told |= {"passed by without showing a face": total.sums["passers"],
             "turned out to be no face": total.sums["not_faces"]}  # fmt: skip
    rows = [[name, str(people)] for name, people in told.items() if people or " " not in name[5:]]
    if rows:
        yield _table("Zones, lines, and beside", ["", "number"], rows)


def _item(text: str) -> str:
    return f"<li>{escape(text[0].upper() + text[1:])}</li>"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{titles}</tr></thead>\n"
        f"<tbody>\n{lines}\n</tbody>\n</table>"
    )
