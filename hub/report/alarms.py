"""Devices gone quiet, and days far outside what their weekday is like.

A day is held against the same weekday of the eight weeks before: its people, weighted by how long
the camera looked, lie apart from their median by more than SPREADS robust standard deviations
(1.4826 times the median absolute deviation; Rousseeuw & Croux, JASA 88, 1993), of which at least a
Poisson count's own, the root of the median, is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from statistics import median
from typing import Any, Literal, NamedTuple

from hub.report.question import DEVICES, SUMS, Question
from hub.store import Store
from hub.store.base import Member

WEEKS = 8
WEEKS_MIN = 4
"""With fewer such days nothing is known of a weekday."""
COVERAGE_MIN = 0.5
"""A day of which the camera saw less is held against nothing."""
SPREADS = 4.0
MAD_TO_SIGMA = 1.4826


class Alarm(NamedTuple):
    """One thing that somebody should look at."""

    kind: Literal["quiet", "unusual"]
    site: str
    device: str
    text: str


def alarms(store: Store, question: Question, now_s: float, quiet_min: float) -> list[Alarm]:
    """Those of the devices that are asked for; of the question's last day."""
    found = [*_quiet(store, question, now_s, quiet_min), *_unusual(store, question)]
    return sorted(found, key=lambda alarm: (alarm.site, alarm.device, alarm.kind))


def _quiet(store: Store, question: Question, now_s: float, quiet_min: float) -> Iterator[Alarm]:
    for one in store.ask(DEVICES[question.whose], question.values):
        last_ms = one["last_ms"]
        if last_ms is None:
            yield Alarm("quiet", one["site"], one["device"], "no window of a right clock at all")
        elif now_s - last_ms / 1000 > 60 * quiet_min:
            since = datetime.fromtimestamp(last_ms / 1000, UTC)
            text = f"its last window ended at {since:%Y-%m-%d %H:%M} UTC"
            yield Alarm("quiet", one["site"], one["device"], text)


def _unusual(store: Store, question: Question) -> Iterator[Alarm]:
    day = question.last
    for (site, device), people in _same_weekdays(store, question).items():
        usual = [told for weekday, told in people.items() if weekday != day]
        if day in people and len(usual) >= WEEKS_MIN and is_far(people[day], usual):
            text = f"{people[day]:.0f} people on {day}, {median(usual):.0f} on this weekday before"
            yield Alarm("unusual", site, device, text)


def _same_weekdays(store: Store, question: Question) -> dict[Member, dict[date, float]]:
    """Each device's people on the last day and on that weekday before, where the camera looked."""
    today = Question("day", "device", question.last, question.last, question.site, question.device)
    devices: dict[Member, dict[date, float]] = {}
    for asked in (today.before(7 * weeks) for weeks in range(WEEKS + 1)):
        for one in store.ask(SUMS[asked.sums], asked.values):
            if (one["coverage"] or 0.0) >= COVERAGE_MIN:
                people = devices.setdefault((one["site"], one["device"]), {})
                people[asked.last] = _people(one)
    return devices


def _people(one: dict[str, Any]) -> float:
    weighted = one["people_coverage_weighted"]
    return float(one["people"] or 0 if weighted is None else weighted)


def is_far(value: float, usual: Sequence[float]) -> bool:
    """Whether a value lies far outside the usual ones."""
    middle = median(usual)
    spread = MAD_TO_SIGMA * median(abs(one - middle) for one in usual)
    return abs(value - middle) > SPREADS * max(spread, math.sqrt(max(middle, 1.0)))
