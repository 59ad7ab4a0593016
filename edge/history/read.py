"""History and outbox → the sums of some days, each window in them once; nothing is written.

A window goes from the outbox into the history at any moment. So the outbox is looked at first and
held still, then the history, and what waits in the one is left out where it is in the other.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from edge.config.zone import Ahead
from edge.history import rescue, table
from edge.history.history import FILE_NAME
from edge.history.sums import Hour, hour_at, hour_of, is_sum, sums_of
from edge.history.table import Span
from edge.messages.checking import sendable
from edge.messages.consumer import Numbering
from edge.messages.counts import CountsHead
from edge.outbox.file import StateFile
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox

Sums = Counter[str]
T = TypeVar("T")


class Recorded(NamedTuple):
    """Sums by local hour, and by local day where hours are not kept any more."""

    hours: dict[Hour, Sums]
    days: dict[int, Sums]
    waiting: Counter[Hour]
    """Windows among these that still wait for the broker."""

    def regrouped(self, ahead: Ahead) -> Recorded:
        """The same by the hours of this local time, where it was another when they were kept."""
        hours: defaultdict[Hour, Sums] = defaultdict(Counter)
        waiting: Counter[Hour] = Counter()
        for hour, sums in self.hours.items():
            now = hour_at(hour.start_s, ahead)
            hours[now].update(sums)
            waiting[now] += self.waiting[hour]
        return Recorded(dict(hours), self.days, waiting)


class Rules(NamedTuple):
    """What a window that waits is told by: keys of places, and local time."""

    places: Collection[str]
    ahead: Ahead


class UnreadableError(Exception):
    """A file is there and can't be read: its sentence names it, and the log says why."""


def recorded(folder: Path, rules: Rules, spans: Sequence[Span]) -> Recorded:
    """The sums of the days in any of `spans`; UnreadableError names a file that can't be read."""
    outbox = folder / OUTBOX_NAME
    if not outbox.exists():
        return _merged(folder, rules, spans, iter(()), "")
    with Outbox(outbox, owner=False) as waiting:
        under = waiting.numbering()
        found = waiting.each(lambda windows: _merged(folder, rules, spans, windows, under))
    if found is None:
        raise UnreadableError(f"{outbox} can't be read")
    return found


def _merged(
    folder: Path, rules: Rules, spans: Sequence[Span], windows: Iterator[CountsHead], under: str
) -> Recorded:
    first = list(itertools.islice(windows, 1))  # from here on the outbox holds still
    kept = _kept(folder / FILE_NAME, spans)
    days = {day for span in spans for day in range(span.first, span.last + 1)}
    before, waiting = kept.newest, Counter[Hour]()
    for stored in itertools.chain(first, windows):
        window = sendable(stored, rules.places, under).counts
        known = kept.applied.get(window.numbering)
        if known is not None and known.has(window.seq):
            continue
        before = hour_of(window, rules.ahead, before)
        if before.day in days:
            kept.hours[before].update(sums_of(window))
            waiting[before] += 1
    return Recorded(dict(kept.hours), dict(kept.days), waiting)


class _Kept(NamedTuple):
    hours: defaultdict[Hour, Sums]
    days: defaultdict[int, Sums]
    applied: dict[str, Numbering]
    newest: Hour | None


def held_days(path: Path) -> int:
    """How many days a history holds anything of; UnreadableError where it can't be read."""
    query = "SELECT count(*) FROM (SELECT day FROM hours UNION SELECT day FROM day_sums)"
    return _looked_at(path, lambda connection: int(connection.execute(query).fetchone()[0]))


def _kept(path: Path, spans: Sequence[Span]) -> _Kept:
    """What the file holds at one moment; nothing where there is none yet."""
    if not path.exists():
        return _Kept(defaultdict(Counter), defaultdict(Counter), {}, None)
    return _looked_at(path, lambda connection: _read(connection, spans))


def _looked_at(path: Path, look: Callable[[sqlite3.Connection], T]) -> T:
    try:
        rescue.HISTORY.refuse_newer(path)
    except rescue.NewerError as error:
        raise UnreadableError(f"{path} can't be read: {error}") from None
    file = StateFile(path, rescue.HISTORY, owner=False, busy_s=2.0)
    try:
        found = file.run(look)
    finally:
        file.close()
    if found is None:
        raise UnreadableError(f"{path} can't be read")
    return found


def _read(connection: sqlite3.Connection, spans: Sequence[Span]) -> _Kept:
    connection.execute("BEGIN")
    hours: defaultdict[Hour, Sums] = defaultdict(Counter)
    days: defaultdict[int, Sums] = defaultdict(Counter)
    for span in spans:
        for hour, name, value in table.hours_in(connection, span):
            if is_sum(name) and span.first <= hour.day <= span.last:
                hours[hour][name] = value
        for day, name, value in table.days_in(connection, span):
            if is_sum(name):
                days[day][name] = value
    found = _Kept(hours, days, table.applied(connection), table.newest(connection))
    connection.execute("COMMIT")
    return found
