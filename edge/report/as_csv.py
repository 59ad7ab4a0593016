"""A report as a table for a spreadsheet: a row for each hour or day, as RFC 4180 has it."""

from __future__ import annotations

import csv
import io

from edge.report.columns import people_columns, values
from edge.report.figures import Report, Row


def as_csv(report: Report) -> str:
    """Header and rows; all of it is ASCII. A cell is empty where nothing is known."""
    names = people_columns(report)
    rows = [{**_begins(report, row), **values(row.figures, names)} for row in report.rows]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _begins(report: Report, row: Row) -> dict[str, str]:
    """When a row begins; of an hour its date and time too, as spreadsheets know no UTC offset."""
    if report.period.kind != "day":
        return {"date": row.start}
    date, _, clock = row.start.partition("T")
    return {"hour": row.start, "date": date, "time": clock[:5]}
