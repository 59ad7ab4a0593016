"""Occupancy as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import msgspec

from hub.report.occupancy import Day

HEAD = ("hour", "in", "out", "inside")


def as_text(days: Sequence[Day]) -> str:
    """A table a day, and by how much it is off."""
    if not days:
        return "no crossing of a line is stored of it\n"
    return "\n".join(_day(day) for day in days)


def _day(day: Day) -> str:
    lines = [f"{day.day}", f"  {'hour':<5} {'in':>6} {'out':>6} {'inside':>7}"]
    lines += [f"  {h.start:%H:%M} {h.ins:>6} {h.outs:>6} {h.inside:>7}" for h in day.hours]
    lines.append(f"  {_told(day)}")
    return "\n".join(lines) + "\n"


def _told(day: Day) -> str:
    """What a reader must know of the numbers."""
    came = sum(hour.ins for hour in day.hours)
    words = f"of {came} who came {day.left} are left at night, {day.clamped} more went than were in"
    words += f": off by {day.off} at least"
    if day.untold:
        words += f"; of {day.untold} windows crossings are withheld"
    return words


def as_csv(days: Sequence[Day]) -> str:
    """A row an hour."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("day", *HEAD))
    for day in days:
        table.writerows((day.day, f"{h.start:%Y-%m-%dT%H:%M}", *h[1:]) for h in day.hours)
    return text.getvalue()


def as_json(days: Sequence[Day]) -> str:
    """A list of days."""
    told = [
        {
            "day": day.day,
            "hours": [dict(zip(HEAD, (h.start, *h[1:]), strict=True)) for h in day.hours],
            "clamped": day.clamped,
            "left": day.left,
            "off_at_least": day.off,
            "untold_windows": day.untold,
        }
        for day in days
    ]
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


FORMS: Mapping[str, Callable[[Sequence[Day]], str]] = {
    "text": as_text,
    "csv": as_csv,
    "json": as_json,
}
