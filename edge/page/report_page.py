"""A day, a week or a month: figures, what is not known, and the same as files to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from edge.config.tables import Config
from edge.errors import UserError
from edge.page.charts import pyramid
from edge.page.figures import Figures
from edge.page.frame import Visit
from edge.page.html import Element, add
from edge.page.overview import by_time, people, places, share_sentences
from edge.page.web import Answer, download
from edge.page.words import Words
from edge.report.as_csv import as_csv
from edge.report.as_html import as_html
from edge.report.as_json import as_json
from edge.report.figures import Report
from edge.report.period import KINDS, Kind, Period

DATE_MAX = 12
"""Letters of what names a period."""


class Form(NamedTuple):
    """A file that a report can be had as."""

    write: Callable[[Report, str], str]
    kind: str


FORMS: Mapping[str, Form] = {
    "csv": Form(lambda report, _hours: as_csv(report), "text/csv; charset=utf-8"),
    "json": Form(lambda report, _hours: as_json(report), "application/json"),
    "html": Form(as_html, "text/html; charset=utf-8"),
}


def period_of(query: Mapping[str, str]) -> tuple[Kind, str]:
    """Kind and date that are asked for; today where that is none."""
    asked = query.get("kind")
    kind: Kind = next((one for one in KINDS if one == asked), "day")
    return kind, query.get("date", "today")[:DATE_MAX] or "today"


def report_page(
    main: Element, config: Config, visit: Visit, figures: Figures, query: Mapping[str, str]
) -> None:
    """The form that asks, and what is found."""
    words, (kind, text) = visit.words, period_of(query)
    try:
        report = figures.report(kind, text)
    except UserError as error:
        _choice(main, words, kind, "")
        add(main, "p", f"{words('no_figures')} {error}.", role="alert")
        return
    _choice(main, words, kind, report.period.first.isoformat())
    _neighbours(main, words, report.period)
    add(main, "h2", f"{name_of(words, report.period)}")
    people(main, words, report)
    by_time(main, words, report, "report")
    if report.total.told_people:
        pyramid(add(main, "section"), report, words)
    places(add(main, "section"), words, report)
    _unknown(add(main, "section"), words, report, config.history.opening_hours)
    _files(add(main, "section", class_="keep"), words, kind, report)


def name_of(words: Words, period: Period) -> str:
    """The period in words."""
    first, last = words.day(period.first), words.day(period.last)
    days = first if period.kind == "day" else f"{first} … {last}"
    return f"{words(period.kind)} {period.name} ({days})"


def _choice(main: Element, words: Words, kind: Kind, text: str) -> None:
    form = add(main, "form", method="get", action="/report", class_="choice")
    label = add(form, "label", words("period"))
    choice = add(label, "select", name="kind")
    for one in KINDS:
        add(choice, "option", words(one), value=one, **({"selected": ""} if one == kind else {}))
    label = add(form, "label", words("day_in_it"))
    add(label, "input", type="date", name="date", value=text)
    add(form, "button", words("show"), type="submit")


def _neighbours(main: Element, words: Words, period: Period) -> None:
    links = add(add(main, "nav", aria_label=words("neighbours"), class_="neighbours"), "ul")
    days = {"earlier": period.first - timedelta(days=1), "later": period.last + timedelta(days=1)}
    for key, day in days.items():
        if day <= date.today():
            add(add(links, "li"), "a", words(key), href=f"/report?{_query(period.kind, day)}")


def _unknown(section: Element, words: Words, report: Report, opening_hours: str) -> None:
    add(section, "h2", words("not_known"))
    found = add(section, "ul")
    share = report.total.looked.share
    if share is not None:
        when = f" ({opening_hours})" if opening_hours else ""
        add(found, "li", words("camera_looked", share=words.percent(share)) + when)
    for text in share_sentences(words, report.total):
        add(found, "li", text)
    for note in report.notes:
        add(found, "li", words(f"note_{note.key}", **note.values))


def _files(section: Element, words: Words, kind: Kind, report: Report) -> None:
    add(section, "h2", words("files"))
    links = add(section, "ul", class_="files")
    for ending in FORMS:
        link = add(add(links, "li"), "a", words(f"file_{ending}"))
        link.set("href", f"/report.{ending}?{_query(kind, report.period.first)}")
    add(section, "p", words("corrected_elsewhere"), class_="remark")


def _query(kind: Kind, day: date) -> str:
    return urlencode({"kind": kind, "date": day.isoformat()})


def file_of(ending: str, config: Config, figures: Figures, query: Mapping[str, str]) -> Answer:
    """The report as a file; UserError where there is none."""
    kind, text = period_of(query)
    report, form = figures.report(kind, text), FORMS[ending]
    device = report.device.replace("/", "-")
    name = f"{device}-{report.period.name}.{ending}"
    return download(form.write(report, config.history.opening_hours), form.kind, name)
