"""A local day begins where its date does, in every zone of the world."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from edge.config.zone import DAY_S, ahead_in, midnight_s
from edge.history.sums import hour_at

FIRST, LAST = 19_358, 21_184
"""The years 2023 to 2027, as days counted from 1970."""


@pytest.mark.parametrize("zone", sorted(available_timezones()))
def test_midnight_is_the_first_moment_of_its_day(zone: str) -> None:
    """At each change of the clocks, and the days around it."""
    ahead = ahead_in(zone)
    offsets = [ahead(day * DAY_S) for day in range(FIRST, LAST)]
    changes = [FIRST + n for n in range(1, len(offsets)) if offsets[n] != offsets[n - 1]]
    for day in {FIRST} | {day + near for day in changes for near in (-1, 0, 1, 2)}:
        start_s = midnight_s(day, ahead)
        assert hour_at(start_s, ahead).day == day
        assert hour_at(start_s - 1, ahead).day == day - 1
