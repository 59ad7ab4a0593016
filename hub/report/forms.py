"""A report as CSV for a spreadsheet and as JSON for a program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from hub.report.build import FIGURES, Report, Row
from hub.report.question import Compared

BEFORE: Mapping[Compared, str] = {"week": "people_week_before", "year": "people_year_before"}
CLOCK = ("date", "time")


def as_csv(report: Report) -> str:
    """A header and a row a group, as RFC 4180 has it; a cell is empty where nothing is known.

    Beside an hour stand its date and time, as spreadsheets know no offset from UTC.
    """
    names, rows = columns(report), flat(report)
    if report.question.by == "hour":
        names[1:1] = CLOCK
        rows = (row | dict(zip(CLOCK, _clock(row["hour"]), strict=True)) for row in rows)
    text = io.StringIO()
    table = csv.DictWriter(text, names)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _clock(hour: str) -> tuple[str, str]:
    date, _, clock = hour.partition("T")
    return date, clock[:5]


def columns(report: Report) -> list[str]:
    """The names of a row's cells, in their order."""
    question = report.question
    whose = ("site", "device") if question.per == "device" else (question.per,)
    before = [BEFORE[report.compared]] if report.compared else []
    return [question.by, *whose, "missing", *before, *FIGURES]


def flat(report: Report) -> Iterator[dict[str, Any]]:
    """Each row as name → cell."""
    return (_flat(report, row) for row in report.rows)


def as_json(report: Report) -> str:
    """One object: what was asked, rows, places and notes; null where nothing is known."""
    question = report.question
    told = {
        "by": question.by,
        "per": question.per,
        "from": question.first.isoformat(),
        "to": question.last.isoformat(),
        "rows": list(flat(report)),
        "places": report.places,
        "notes": report.notes,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def _flat(report: Report, row: Row) -> dict[str, Any]:
    whose: dict[str, Any] = {"group" if report.question.per == "group" else "site": row.site}
    if report.question.per == "device":
        whose["device"] = row.device
    if report.compared:
        whose[BEFORE[report.compared]] = row.before
    return {report.question.by: row.start, **whose, "missing": row.missing, **row.figures}
