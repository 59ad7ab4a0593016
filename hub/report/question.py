"""What is asked of a report, and the SQL for it: fixed texts, values as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

from hub.errors import UsageError

By = Literal["hour", "day", "week"]
Per = Literal["device", "site", "group"]
Pair = tuple[str | None, str | None]
Whose = tuple[bool, bool]
"""Whether a site is named, and whether a device."""

Compared = Literal["week", "year"]
DAYS_BEFORE: Mapping[Compared, int] = {"week": 7, "year": 364}
"""Whole weeks, so that a Saturday is held against a Saturday."""

DAYS = 7
"""Days of a report of which nothing else is said, today's among them."""


class Question(NamedTuple):
    """Local days from the first to the last, both in it; None: any site, any device."""

    by: By
    per: Per
    first: date
    last: date
    site: str | None = None
    device: str | None = None
    group: str | None = None

    @property
    def values(self) -> Mapping[str, str]:
        """The parameters of every query here."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "site": self.site or "",
            "device": self.device or "",
            "name": self.group or "",
        }

    @property
    def whose(self) -> Whose:
        """Which queries are right for it."""
        return self.site is not None, self.device is not None

    @property
    def sums(self) -> tuple[By, Per, Whose]:
        """Which query is right for its figures."""
        whose = (self.group is not None, False) if self.per == "group" else self.whose
        return self.by, self.per, whose

    def before(self, days: int) -> Question:
        """The same of so many days before."""
        back = timedelta(days=days)
        return self._replace(first=self.first - back, last=self.last - back)


FIRST, LAST = date(1900, 1, 1), date(9999, 11, 30)
"""Of days that may be asked for: weeks and years to both sides of them are dates as well."""


def asked(by: By, per: Per, days: Pair, whose: Pair, today: date) -> Question:
    """The question that flags ask, by texts of the first and last day, site and device.

    A week counts wholly. UsageError where a date is none, or nothing could be in the answer.
    """
    end = _date("--to", days[1], today)
    begin = _date("--from", days[0], end - timedelta(days=DAYS - 1))
    if by == "week":
        begin -= timedelta(days=begin.weekday())
        end += timedelta(days=6 - end.weekday())
    if begin > end:
        raise UsageError(f"--from {begin} is later than --to {end}")
    if per == "site" and whose[1] is not None:
        raise UsageError("--per site sums all devices of a site: leave out --device")
    if per == "group" and whose != (None, None):
        raise UsageError("--per group sums the devices of a group: leave out --site and --device")
    return Question(by, per, begin, end, *whose)


def _date(flag: str, text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{flag} {text}: expected a date such as 2026-03-07") from None
    if not FIRST <= found <= LAST:
        raise UsageError(f"{flag} {text}: expected a date from {FIRST} to {LAST}")
    return found


# A text for each way to ask: a condition that is always true would keep a store from its index.
_WHOSE: Mapping[Whose, str] = {
    (False, False): "1 = 1",
    (True, False): "site = :site",
    (False, True): "device = :device",
    (True, True): "site = :site AND device = :device",
}
_DAYS = "day BETWEEN :first AND :last"
_TIME: Mapping[By, str] = {"hour": _DAYS, "day": _DAYS, "week": "week BETWEEN :first AND :last"}
_PREFIX: Mapping[Per, str] = {"device": "", "site": "site_"}

SUMS: Mapping[tuple[By, Per, Whose], str] = {
    (by, per, whose): f"SELECT * FROM {prefix}by_{by} WHERE {time} AND {whose_is}"
    for by, time in _TIME.items()
    for per, prefix in _PREFIX.items()
    for whose, whose_is in _WHOSE.items()
    if per == "device" or not whose[1]
} | {
    (by, "group", (one, False)): f"SELECT * FROM group_by_{by} WHERE {time} AND {which}"
    for by, time in _TIME.items()
    for one, which in ((False, "1 = 1"), (True, "name = :name"))
}
GROUPED = "SELECT name, site, device FROM grouped"
CROSSINGS: Mapping[Whose, str] = {
    whose: f"SELECT * FROM crossings_by_hour WHERE {_DAYS} AND {whose_is}"
    for whose, whose_is in _WHOSE.items()
}
GAPS: Mapping[tuple[By, Whose], str] = {
    (by, whose): f"SELECT * FROM gaps WHERE {time} AND {whose_is}"
    for by, time in _TIME.items()
    for whose, whose_is in _WHOSE.items()
}
DEVICES: Mapping[Whose, str] = {
    whose: f"SELECT site, device, numberings, last_ms, undated FROM devices WHERE {whose_is}"
    for whose, whose_is in _WHOSE.items()
}
PLACES: Mapping[Whose, str] = {
    whose: f"SELECT * FROM places_by_day WHERE {_DAYS} AND {whose_is}"
    for whose, whose_is in _WHOSE.items()
}
REFUSALS = "SELECT COUNT(*) AS messages FROM refusals"
