"""The first page: now, today by hour, who they were, places, the last weeks, the device."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from edge.config.tables import Config
from edge.errors import UserError
from edge.messages.page import Told
from edge.page.charts import Bar, bars, most_of, pyramid
from edge.page.figures import Figures
from edge.page.frame import Visit
from edge.page.html import Element, add, behind, table
from edge.page.now import device_section, now_section
from edge.page.words import Words
from edge.report.columns import GENDERS, people_cells
from edge.report.figures import Figures as Sums
from edge.report.figures import Report, Row

PARTS = {"now": 2, "figures": 60, "device": 10}
"""Parts that the script asks for anew, and after how many seconds."""


class Known(NamedTuple):
    """What is shown: of this device, its figures, and the last that was told."""

    config: Config
    figures: Figures
    told: Told | None


def overview(main: Element, visit: Visit, known: Known) -> None:
    """All of its parts."""
    board = add(main, "div", class_="board")
    for name in PARTS:
        part(board, name, visit, known)


def part(parent: Element, name: str, visit: Visit, known: Known) -> None:
    """One of `PARTS`."""
    found = add(parent, "section", id=name, class_="part", data_every=str(PARTS[name]),
                data_stale=visit.words("stale"))  # fmt: skip
    if name == "now":
        now_section(found, known.config, visit, known.told)
    elif name == "device":
        device_section(found, visit, known.told)
    else:
        _figures(found, visit.words, known.figures)


def _figures(parent: Element, words: Words, figures: Figures) -> None:
    try:
        report, recent = figures.report("day", "today"), figures.recent()
    except UserError as error:
        add(parent, "h2", words("today"))
        add(parent, "p", f"{words('no_figures')} {error}.")
        return
    _today(add(parent, "section"), words, report)
    if report.total.told_people:
        who = add(parent, "section")
        add(who, "h2", words("who"))
        pyramid(who, report, words)
        shares(who, words, report.total)
    places(add(parent, "section"), words, report)
    _recent(add(parent, "section"), words, recent)


def _today(section: Element, words: Words, report: Report) -> None:
    add(section, "h2", words("today"))
    people(section, words, report)
    by_time(section, words, report, "hours")


def _number(words: Words, people: int) -> str:
    return words("one_person") if people == 1 else words("people", people=people)


def people(section: Element, words: Words, report: Report) -> None:
    """How many, and how that compares."""
    total = report.total
    text = _number(words, total.sums["people"]) if total.known else words("nothing")
    add(section, "p", text, class_="total")
    for beside in report.beside:
        if beside.figures.known:
            key = f"beside_{beside.name.split()[1]}"
            add(section, "p", words(key, people=beside.figures.sums["people"],
                                    name=beside.period.name), class_="remark")  # fmt: skip


def by_time(section: Element, words: Words, report: Report, name: str) -> None:
    """Bars of hours or days, and the same as a table."""
    drawn = [bar_of(row, words) for row in report.rows]
    unit = "hour" if report.period.kind == "day" else "day"
    caption = words(f"by_{unit}")
    bars(section, _sentence(words, caption, drawn), drawn)
    head = [words(key) for key in (unit, "people_head", *GENDERS, "untold", "looked")]
    rows = [
        [bar.label, *people_cells(row.figures), words.percent(row.figures.looked.share)]
        for bar, row in zip(drawn, report.rows, strict=True)
    ]
    table(behind(section, words("as_table"), f"{name}-table"), caption, head, rows)


def bar_of(row: Row, words: Words) -> Bar:
    """An hour by its clock, a day by its name and date."""
    label = row.label if len(row.start) > 10 else words.day(date.fromisoformat(row.start))
    return Bar(label, row.figures.sums["people"] if row.figures.known else None)


def _sentence(words: Words, caption: str, drawn: list[Bar]) -> str:
    most = most_of(drawn)
    if most is None:
        return f"{caption}: {words('nobody')}"
    return f"{caption}: {words('at_most', people=most.value or 0, when=most.label)}"


def _recent(section: Element, words: Words, recent: list[Row]) -> None:
    add(section, "h2", words("weeks"))
    drawn = [bar_of(row, words) for row in recent]
    bars(section, _sentence(words, words("by_day"), drawn), drawn)
    rows = [[bar.label, *people_cells(row.figures)[:4]]
            for bar, row in zip(drawn, recent, strict=True)]  # fmt: skip
    head = [words(key) for key in ("day", "people_head", *GENDERS)]
    table(behind(section, words("as_table"), "weeks-table"), words("weeks"), head, rows)


def places(section: Element, words: Words, report: Report) -> None:
    """Zones and lines, where there are any."""
    rows = [[place(words, key), str(number)] for key, number in report.total.places.items()]
    rows += [[words(key), str(report.total.sums[key])] for key in ("passers", "not_faces")
             if report.total.sums[key]]  # fmt: skip
    add(section, "h2", words("places"))
    if rows:
        table(section, words("places"), ["", words("number")], rows)
    else:
        add(section, "p", words("no_places"))


def place(words: Words, key: str) -> str:
    """zone_shop_people → zone shop; line_door_in → line door, in."""
    kind, _, rest = key.partition("_")
    name, _, way = rest.rpartition("_")
    return words("zone", name=name) if kind == "zone" else words(f"line_{way}", name=name)


def shares(section: Element, words: Words, total: Sums) -> None:
    """What is not known of those who were counted."""
    found = add(section, "ul", class_="shares")
    for text in share_sentences(words, total):
        add(found, "li", text)


def share_sentences(words: Words, total: Sums) -> Iterator[str]:
    """A sentence for each share that is not known."""
    for name, share in total.shares.items():
        if share:
            yield words(f"share_{name}", share=words.percent(share))
