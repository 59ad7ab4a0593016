"""A report as one JSON object, for a program."""

from __future__ import annotations

import json
from typing import Any

from edge.report.columns import people_columns, values
from edge.report.figures import Figures, Report


def as_json(report: Report) -> str:
    """Keys of people are those of the `counts` message; null is what is not known."""
    names = people_columns(report)
    first, last = report.period.first, report.period.last
    told = {
        "device": report.device,
        "period": report.period.kind,
        "name": report.period.name,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "until": report.until or None,
        "total": _told(report.total, names) | report.estimates,
        "beside": [
            {
                "what": one.name,
                "name": one.period.name,
                "until": one.until or None,
                **_told(one.figures, names),
            }
            for one in report.beside
        ],
        "rows": [{"start": row.start, **values(row.figures, names)} for row in report.rows],
        "notes": [note.text for note in report.notes],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _told(figures: Figures, names: list[str]) -> dict[str, Any]:
    shares = {f"{name}_share": _rounded(share) for name, share in figures.shares.items()}
    return values(figures, names) | shares | {"looked_share": _rounded(figures.looked.share)}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
