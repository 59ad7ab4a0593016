"""One told window → what it adds to the sums of its hour."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from edge.config.zone import DAY_S, Ahead
from edge.messages.bands import TOLD_GENDERS
from edge.messages.counts import AGE_TOTALS, CELLS, CountsHead
from edge.messages.fields import timestamp

HOUR_S = 3_600

MODEL, FOLDING = "model.", "folding."
"""What the names of two sums begin with: people told by a network, windows by a method and k."""
PEOPLE = ("people", *TOLD_GENDERS, "gender_unknown", *AGE_TOTALS, *CELLS)
BESIDE = ("passers", "not_faces")
HEAD = (
    "windows",
    "window_ms",
    "observed_ms",
    "lost",
    "unsynchronised",
    "noisy",
    "missing",
    "late",
    "untold_windows",
    "untold_people",
    "passers_untold_windows",
    "zones_untold_people",
    "lines_untold_people",
)
"""How much the windows are, and what of them is not told:

`missing` windows never came, found by the next one's number (less those that were `late`). Of
`untold_windows` (with `untold_people`) nothing is told but their people; `noisy` ones tell numbers
with noise.
"""
FIXED = (*HEAD, *PEOPLE, *BESIDE)

_FIXED = frozenset(FIXED)
_NAMED = re.compile(
    rf"{re.escape(MODEL)}.*|{re.escape(FOLDING)}(none|rounding|noise):[0-9]{{1,9}}"
    r"|zone_[a-z0-9_]{1,32}_people|line_[a-z0-9_]{1,32}_(in|out)"
)

NO_TIME = timestamp(0)
"""The stamp of a lost window of which not even the time is known."""


class Hour(NamedTuple):
    """A local hour: when it began, in seconds since 1970, and how far local time was ahead then."""

    start_s: int
    ahead_s: int

    @property
    def day(self) -> int:
        """Its local day, counted from 1 January 1970."""
        return (self.start_s + self.ahead_s) // DAY_S


def hour_at(wall_s: float, ahead: Ahead) -> Hour:
    """The local hour in which a moment lies."""
    ahead_s = round(ahead(wall_s))
    return Hour(int(wall_s) - (int(wall_s) + ahead_s) % HOUR_S, ahead_s)


def hour_of(window: CountsHead, ahead: Ahead, before: Hour | None) -> Hour:
    """The hour in which a window starts; where it does not know, that of the one `before`."""
    if window.lost and window.start == NO_TIME and before is not None:
        return before
    return hour_at(datetime.fromisoformat(window.start).timestamp(), ahead)


def sums_of(window: CountsHead) -> dict[str, int]:
    """What a window adds, nothing that is 0; what it does not tell (null) adds nothing."""
    if window.lost:
        return {"windows": 1, "lost": 1}
    told = {name: getattr(window, name) or 0 for name in (*PEOPLE, *BESIDE)}
    told |= {name: people or 0 for name, people in window.places.items()}
    told |= {
        "windows": 1,
        "window_ms": round(window.window_s * 1000),
        "observed_ms": round(window.observed_s * 1000),
        "unsynchronised": not window.clock_synced,
        "noisy": _is_noisy(window),
        f"{FOLDING}{window.folding or 'none:1'}": 1,
    }
    return {name: int(value) for name, value in (told | _untold(window)).items() if value}


def _untold(window: CountsHead) -> dict[str, int]:
    """How much a window keeps to itself, and of which network what it tells is."""
    places = {kind: _some_untold(window, kind) for kind in ("zone", "line")}
    found = {f"{kind}s_untold_people": window.people for kind, some in places.items() if some}
    found["passers_untold_windows"] = int(window.passers is None)
    if window.female is None:
        return found | {"untold_windows": 1, "untold_people": window.people}
    return found | {f"{MODEL}{window.model}": window.people}


def _some_untold(window: CountsHead, kind: str) -> bool:
    return any(n is None for name, n in window.places.items() if name.startswith(kind))


def _is_noisy(window: CountsHead) -> bool:
    return (window.folding or "").startswith("noise")


def is_sum(name: str) -> bool:
    """Whether a sum can be called so: a history that others wrote into, or one of a later release,
    may hold more.
    """
    return name in _FIXED or _NAMED.fullmatch(name) is not None


def named(names: Iterable[str], prefix: str) -> list[str]:
    """What follows a prefix, of the names that have it."""
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
