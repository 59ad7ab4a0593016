"""What is asked of a report, and the SQL for it: fixed texts, values as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

from hub.errors import UsageError

By = Literal["hour", "day", "week"]
Per = Literal["device", "site"]
Pair = tuple[str | None, str | None]

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

    @property
    def values(self) -> Mapping[str, str | int]:
        """The parameters of every query here."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "any_site": int(self.site is None),
            "site": self.site or "",
            "any_device": int(self.device is None),
            "device": self.device or "",
        }


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
    return Question(by, per, begin, end, *whose)


def _date(flag: str, text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{flag} {text}: expected a date such as 2026-03-07") from None


_DEVICE = "(:any_site = 1 OR site = :site) AND (:any_device = 1 OR device = :device)"
_SITE = "(:any_site = 1 OR site = :site) AND :any_device = 1 AND :device = ''"
_DAYS = "day BETWEEN :first AND :last"
_WEEKS = "week BETWEEN :first AND :last"

SUMS: Mapping[tuple[By, Per], str] = {
    ("hour", "device"): f"SELECT * FROM by_hour WHERE {_DAYS} AND {_DEVICE}",
    ("day", "device"): f"SELECT * FROM by_day WHERE {_DAYS} AND {_DEVICE}",
    ("week", "device"): f"SELECT * FROM by_week WHERE {_WEEKS} AND {_DEVICE}",
    ("hour", "site"): f"SELECT * FROM site_by_hour WHERE {_DAYS} AND {_SITE}",
    ("day", "site"): f"SELECT * FROM site_by_day WHERE {_DAYS} AND {_SITE}",
    ("week", "site"): f"SELECT * FROM site_by_week WHERE {_WEEKS} AND {_SITE}",
}
GAPS: Mapping[By, str] = {
    "hour": f"SELECT * FROM gaps WHERE {_DAYS} AND {_DEVICE}",
    "day": f"SELECT * FROM gaps WHERE {_DAYS} AND {_DEVICE}",
    "week": f"SELECT * FROM gaps WHERE {_WEEKS} AND {_DEVICE}",
}
DEVICES = f"SELECT * FROM devices WHERE {_DEVICE}"
PLACES = f"SELECT * FROM places_by_day WHERE {_DAYS} AND {_DEVICE}"
REFUSALS = "SELECT COUNT(*) AS messages FROM refusals"
