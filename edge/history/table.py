"""The history's tables: named sums of numbers, by hour and by day, and which windows are in them.

As in the outbox no column can hold a picture: tables are STRICT, there is no BLOB, and the texts,
names of sums and numberings, are short and checked. Hours are bounded by number, not by
the clock, which may jump.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from edge.config.zone import Ahead
from edge.history.sums import Hour, hour_of, sums_of
from edge.messages.consumer import MAX_NUMBERINGS, Gap, Numbering, Verdict
from edge.messages.counts import CountsHead
from edge.messages.fields import NUMBER_MAX
from edge.outbox.table import transaction

LAYOUT = 1
"""Version of the file's layout, in `user_version`; any change of a column makes a new one."""

HOURLY_DAYS = 400
"""Local days kept by the hour; of the oldest beyond these the day's sums stay."""
DAYS_MAX = 1_830
"""Days kept as such beyond those: five years."""
NAMES_MAX = 1_000
"""Names of sums: of places and networks once configured; later ones are summed as `other`."""
OTHER = "other"

_SUM = f"value INTEGER NOT NULL CHECK (value BETWEEN 0 AND {NUMBER_MAX})"
_TABLES = {
    "names": """(
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
            CHECK (length(name) BETWEEN 1 AND 80 AND name NOT GLOB '*[^A-Za-z0-9._:-]*')
    ) STRICT""",
    "hours": """(
        id INTEGER PRIMARY KEY,
        day INTEGER NOT NULL,
        start_s INTEGER NOT NULL CHECK (start_s BETWEEN -100000 AND 1e12),
        ahead_s INTEGER NOT NULL CHECK (ahead_s BETWEEN -90000 AND 90000),
        UNIQUE (start_s, ahead_s)
    ) STRICT""",
    "hour_sums": f"""(
        hour INTEGER NOT NULL REFERENCES hours (id) ON DELETE CASCADE,
        name INTEGER NOT NULL REFERENCES names (id),
        {_SUM},
        PRIMARY KEY (hour, name)
    ) STRICT, WITHOUT ROWID""",
    "day_sums": f"""(
        day INTEGER NOT NULL,
        name INTEGER NOT NULL REFERENCES names (id),
        {_SUM},
        PRIMARY KEY (day, name)
    ) STRICT, WITHOUT ROWID""",
    "applied": f"""(
        id INTEGER PRIMARY KEY,
        numbering TEXT NOT NULL UNIQUE
            CHECK (length(numbering) = 12 AND numbering NOT GLOB '*[^0-9a-f]*'),
        last INTEGER NOT NULL CHECK (last BETWEEN 0 AND {NUMBER_MAX})
    ) STRICT""",
    "gaps": f"""(
        numbering INTEGER NOT NULL REFERENCES applied (id) ON DELETE CASCADE,
        first INTEGER NOT NULL CHECK (first BETWEEN 0 AND {NUMBER_MAX}),
        last INTEGER NOT NULL CHECK (last >= first),
        PRIMARY KEY (numbering, first)
    ) STRICT, WITHOUT ROWID""",
}
TABLES = tuple(_TABLES)

_ADD = f"ON CONFLICT DO UPDATE SET value = min(value + excluded.value, {NUMBER_MAX})"


def create(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there."""
    with transaction(connection):
        for name, definition in _TABLES.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} {definition}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("PRAGMA foreign_keys = ON")


def add(
    connection: sqlite3.Connection,
    windows: Iterable[CountsHead],
    ahead: Ahead,
    *,
    sums: bool = True,
) -> int:
    """Add the windows that are not in the sums yet, all or none; how many these were.

    Without `sums` their numbers alone.
    """
    with transaction(connection):
        numbers = _Numbers(connection)
        hours: defaultdict[Hour, Counter[str]] = defaultdict(Counter)
        before, new = newest(connection), 0
        for window in windows:
            missing = numbers.take(window)
            if missing is None:
                continue
            new += 1
            if sums:
                before = hour_of(window, ahead, before)
                hours[before].update(sums_of(window) | missing)
        for hour, added in hours.items():
            _add_sums(connection, hour, added)
        numbers.keep()
    return new


def newest(connection: sqlite3.Connection) -> Hour | None:
    """The hour that was begun last."""
    row = connection.execute(
        "SELECT start_s, ahead_s FROM hours ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Hour(*row) if row else None


class _Numbers:
    """Which windows are in the sums, as it stands in the file and after those taken since."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known = applied(connection)
        self._changed: dict[str, None] = {}

    def take(self, window: CountsHead) -> dict[str, int] | None:
        """What a new window adds besides its own, for those missing before it; None if it is in."""
        known = self._known.get(window.numbering)
        if known is None:
            self._known[window.numbering] = Numbering(window.seq)
            self._changed[window.numbering] = None
            return {}
        skipped = window.seq - known.last - 1
        verdict = known.take(window.seq)
        if verdict is Verdict.REPEAT:
            return None
        self._changed[window.numbering] = None
        if verdict is Verdict.LATE:
            return {"late": 1}
        return {"missing": skipped} if skipped else {}

    def keep(self) -> None:
        for name in self._changed:
            _keep_applied(self._connection, name, self._known[name])
        self._connection.execute(
            "DELETE FROM applied WHERE id NOT IN (SELECT id FROM applied ORDER BY id DESC LIMIT ?)",
            (MAX_NUMBERINGS,),
        )


def applied(connection: sqlite3.Connection) -> dict[str, Numbering]:
    """Numbering → the windows under it that are in the sums."""
    found = {}
    for key, numbering, last in connection.execute("SELECT id, numbering, last FROM applied"):
        query = "SELECT first, last FROM gaps WHERE numbering = ? ORDER BY first"
        gaps = connection.execute(query, (key,))
        found[numbering] = Numbering(last, (Gap(*gap) for gap in gaps))
    return found


def _keep_applied(connection: sqlite3.Connection, numbering: str, known: Numbering) -> None:
    key = connection.execute(
        "INSERT INTO applied (numbering, last) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET last = excluded.last RETURNING id",
        (numbering, known.last),
    ).fetchone()[0]
    query = "SELECT first, last FROM gaps WHERE numbering = ?"
    held, wanted = {Gap(*gap) for gap in connection.execute(query, (key,))}, {*known.gaps}
    connection.executemany(
        "DELETE FROM gaps WHERE numbering = ? AND first = ?",
        [(key, gap.first) for gap in held - wanted],
    )
    connection.executemany(
        "INSERT INTO gaps VALUES (?, ?, ?)", [(key, *gap) for gap in sorted(wanted - held)]
    )


def _add_sums(connection: sqlite3.Connection, hour: Hour, sums: Mapping[str, int]) -> None:
    find = "SELECT id FROM hours WHERE start_s = ? AND ahead_s = ?"
    row = connection.execute(find, hour).fetchone()
    begun = row is None
    if begun:
        insert = "INSERT INTO hours (day, start_s, ahead_s) VALUES (?, ?, ?) RETURNING id"
        row = connection.execute(insert, (hour.day, *hour)).fetchone()
    names = [(row[0], _name_id(connection, name), value) for name, value in sums.items()]
    connection.executemany(f"INSERT INTO hour_sums VALUES (?, ?, ?) {_ADD}", names)
    if begun:
        _roll_up(connection)


def _name_id(connection: sqlite3.Connection, name: str) -> int:
    find = "SELECT id FROM names WHERE name = ?"
    row = connection.execute(find, (name,)).fetchone()
    if row is None:
        count = connection.execute("SELECT count(*) FROM names").fetchone()[0]
        if count >= NAMES_MAX and name != OTHER:
            return _name_id(connection, OTHER)
        row = connection.execute(
            "INSERT INTO names (name) VALUES (?) RETURNING id", (name,)
        ).fetchone()
    found: int = row[0]
    return found


def _roll_up(connection: sqlite3.Connection) -> None:
    """Sum the hours of the oldest days, where there are too many, and drop days beyond theirs."""
    days = [row[0] for row in connection.execute("SELECT DISTINCT day FROM hours ORDER BY day")]
    for day in days[: max(len(days) - HOURLY_DAYS, 0)]:
        connection.execute(
            "INSERT INTO day_sums SELECT day, name, min(sum(value), ?) FROM hours "
            f"JOIN hour_sums ON hour = id WHERE day = ? GROUP BY day, name {_ADD}",
            (NUMBER_MAX, day),
        )
        connection.execute("DELETE FROM hours WHERE day = ?", (day,))
        connection.execute(
            "DELETE FROM day_sums WHERE day NOT IN "
            "(SELECT DISTINCT day FROM day_sums ORDER BY day DESC LIMIT ?)",
            (DAYS_MAX,),
        )


class Span(NamedTuple):
    """Local days, the first and the last, both in it."""

    first: int
    last: int


def hours_in(connection: sqlite3.Connection, days: Span) -> Iterator[tuple[Hour, str, int]]:
    """The sums of the hours of these days: hour, name, value."""
    query = (
        "SELECT start_s, ahead_s, names.name, value FROM hours "
        "JOIN hour_sums ON hour_sums.hour = hours.id JOIN names ON names.id = hour_sums.name "
        "WHERE day BETWEEN ? AND ?"
    )
    for start_s, ahead_s, name, value in connection.execute(query, days):
        yield Hour(start_s, ahead_s), name, value


def days_in(connection: sqlite3.Connection, days: Span) -> Iterator[tuple[int, str, int]]:
    """The sums of days whose hours are gone: day, name, value."""
    query = (
        "SELECT day, names.name, value FROM day_sums JOIN names ON names.id = day_sums.name "
        "WHERE day BETWEEN ? AND ?"
    )
    yield from connection.execute(query, days)
