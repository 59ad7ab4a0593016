"""A question → the figures that answer it, and what a reader must know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from edge.messages.counts import AGE_TOTALS
from hub.report.groups import groups_of
from hub.report.question import (
    DAYS_BEFORE,
    DEVICES,
    GAPS,
    PLACES,
    REFUSALS,
    SUMS,
    Compared,
    Question,
)
from hub.store import Store

FIGURES = (
    "windows", "lost", "unsynchronised", "noisy", "untold_windows", "window_ms", "observed_ms",
    "people", "untold_people", "female", "male", "gender_unknown", *AGE_TOTALS, "passers",
    "passers_untold_windows", "not_faces", "coverage", "people_coverage_weighted",
)  # fmt: skip
"""What every view by hour, day or week tells; `hub/store/sql/common` says what each is."""

Group = tuple[str, str, str]
"""When it begins, site or group, and device; "" for a sum of several."""


class Row(NamedTuple):
    """A device's or site's hour, day or week.

    `figures` are those named in FIGURES: whole numbers, None where no window told one;
    `missing` windows never came.
    """

    start: str
    site: str
    device: str
    figures: dict[str, Any]
    missing: int
    before: int | None = None
    """People of the same hour, day or week as long before as was asked for; None: not known."""


class Report(NamedTuple):
    """All that is told; `compared` is what each row's `before` is of, "" for nothing."""

    question: Question
    rows: list[Row]
    places: dict[str, int | None]
    """Zone or line of the whole period → people, None where none were told."""
    notes: list[str]
    compared: Compared | None = None


def build(store: Store, question: Question, compared: Compared | None = None) -> Report:
    """Ask the store; rows in the order of time, site and device."""
    gaps = _gaps(store, question)
    before = _before(store, question, compared) if compared else {}
    found = store.ask(SUMS[question.sums], question.values)
    rows = [_row(one, question, gaps, before) for one in sorted(found, key=_order(question))]
    places = _places(store, question)
    return Report(question, rows, places, list(_notes(store, question, rows)), compared)


def _order(question: Question) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """By time, site and device. Of an hour that comes twice the text alone tells no order."""
    by_hour = question.by == "hour"
    return lambda one: (one["hour_ms"] if by_hour else 0, *_group(one, question))


def _row(
    one: dict[str, Any], question: Question, gaps: Counter[Group], before: dict[Group, int | None]
) -> Row:
    group = _group(one, question)
    earlier = before.get((_local(one, question), *group[1:]))
    return Row(*group, {name: one[name] for name in FIGURES}, gaps[group], earlier)


def _group(one: dict[str, Any], question: Question) -> Group:
    device = one["device"] if question.per == "device" else ""
    return _start(one, question), one["name" if question.per == "group" else "site"], device


def _before(store: Store, question: Question, compared: Compared) -> dict[Group, int | None]:
    """People as long before, by when that is now: of an hour the same one on the clock."""
    sums: dict[Group, int | None] = {}
    earlier = question.before(DAYS_BEFORE[compared])
    for one in store.ask(SUMS[earlier.sums], earlier.values):
        group = _local(one, question, DAYS_BEFORE[compared]), *_group(one, question)[1:]
        told, known = one["people"], sums.get(group)
        # Twice where an hour was repeated as the clocks went back.
        sums[group] = known if told is None else told + (known or 0)
    return sums


def _local(one: dict[str, Any], question: Question, days: int = 0) -> str:
    """When a row begins by the clock there, so many days later."""
    start = datetime.fromisoformat(_start(one, question)).replace(tzinfo=None)
    return (start + timedelta(days=days)).isoformat()


def _start(one: dict[str, Any], question: Question) -> str:
    """A date, or an hour with its offset from UTC (none where a device told none)."""
    if question.by != "hour":
        return str(one[question.by])
    ahead = timedelta(minutes=one["offset_min"] or 0)
    begins = datetime.fromtimestamp(one["hour_ms"] / 1000, UTC) + ahead
    zone = "" if one["offset_min"] is None else _offset(ahead)
    return f"{begins:%Y-%m-%dT%H:%M}{zone}"


def _offset(ahead: timedelta) -> str:
    sign, minutes = "-" if ahead < timedelta() else "+", abs(ahead) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _gaps(store: Store, question: Question) -> Counter[Group]:
    """Windows that never came, where the window lies by which that was found.

    Summed here: numbers reach 2⁵³, and a sum in SQL would leave 64 bits.
    """
    missing: Counter[Group] = Counter()
    groups = groups_of(store, question.group) if question.per == "group" else None
    for gap in store.ask(GAPS[question.by, question.whose], question.values):
        for name in groups.get((gap["site"], gap["device"]), ()) if groups is not None else ("",):
            missing[_group(gap | {"name": name}, question)] += gap["windows"]
    return missing


def _places(store: Store, question: Question) -> dict[str, int | None]:
    if question.site is None and question.device is None:
        return {}  # places of several sites may share a name
    sums: dict[str, int | None] = {}
    for one in store.ask(PLACES[question.whose], question.values):
        told, before = one["people"], sums.get(one["place"])
        sums[one["place"]] = before if told is None else told + (before or 0)
    return dict(sorted(sums.items()))


def _notes(store: Store, question: Question, rows: list[Row]) -> Iterator[str]:
    """Sentences about what the rows do not show."""
    present = {(row.site, row.device) for row in rows}
    for one in sorted(
        store.ask(DEVICES[question.whose], question.values),
        key=lambda one: (one["site"], one["device"]),
    ):
        yield from _device_notes(one, question, present)
    if unsynchronised := sum(row.figures["unsynchronised"] for row in rows):
        windows = _number(unsynchronised, "window has", "windows have")
        where = "is" if unsynchronised == 1 else "are"
        yield f"{windows} stamps of a clock that was not synchronised, and {where} where these say"
    if noisy := sum(row.figures["noisy"] for row in rows):
        yield f"{_number(noisy, 'window was', 'windows were')} told with noise"
    if messages := store.ask(REFUSALS, {})[0]["messages"]:
        number = _number(messages, "message was", "messages were")
        yield f"{number} no window: see the view refusals"


def _device_notes(one: dict[str, Any], question: Question, present: set[Any]) -> Iterator[str]:
    name, last_ms = f"{one['site']}/{one['device']}", one["last_ms"]
    if question.per == "device" and (one["site"], one["device"]) not in present:
        last = "none was of a right clock" if last_ms is None else f"the last ended {_utc(last_ms)}"
        yield f"{name}: no window lies in this time; {last}"
    if (anew := one["numberings"] - 1) > 0:
        times = _number(anew, "time", "times")
        yield f"{name} began to number anew {times}: what was lost then is not known"
    if one["undated"]:
        windows = _number(one["undated"], "lost window has", "lost windows have")
        yield f"{name}: {windows} no time, and {'is' if one['undated'] == 1 else 'are'} in no day"


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _utc(wall_ms: int) -> str:
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
