"""A report as CSV for a spreadsheet and as JSON for a program."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from hub.report.build import FIGURES, Report, Row


def as_csv(report: Report) -> str:
    """A header and a row a group, as RFC 4180 has it; a cell is empty where nothing is known."""
    text = io.StringIO()
    question = report.question
    whose = ("site", "device") if question.per == "device" else ("site",)
    table = csv.DictWriter(text, [question.by, *whose, "missing", *FIGURES])
    table.writeheader()
    table.writerows(_flat(report, row) for row in report.rows)
    return text.getvalue()


def as_json(report: Report) -> str:
    """One object: what was asked, rows, places and notes; null where nothing is known."""
    question = report.question
    told = {
        "by": question.by,
        "per": question.per,
        "from": question.first.isoformat(),
        "to": question.last.isoformat(),
        "rows": [_flat(report, row) for row in report.rows],
        "places": report.places,
        "notes": report.notes,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def _flat(report: Report, row: Row) -> dict[str, Any]:
    whose = {"site": row.site}
    if report.question.per == "device":
        whose["device"] = row.device
    return {report.question.by: row.start, **whose, "missing": row.missing, **row.figures}
