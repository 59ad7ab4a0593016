"""Who has gone quiet, and which day is far from what its weekday is like; from both stores."""

from __future__ import annotations

from datetime import date

import pytest

from hub.report.alarms import alarms, is_far
from hub.report.question import asked
from hub.store import Store
from tests.hub.support import agender_hub, window

DAY = 1_440
WEEK = 7 * DAY
LAST = 8 * WEEK
"""The minute of the day that is looked at: 26 February 2026."""
NOW_S = 1_767_225_600 + 60 * (LAST + 10)


def day(week: int, people: int, **more):
    """A window of noon or so, so many weeks after 1 January."""
    return window(
        week * WEEK, seq=week + 1, people=people, female=people, male=0, gender_unknown=0,
        **dict.fromkeys(AGES, 0) | {"age_25_34": people, "female_25_34": people, "male_25_34": 0},
        **more,
    )  # fmt: skip


AGES = (
    "age_unknown", "female_age_unknown", "male_age_unknown", "age_0_12", "age_13_17",
)  # fmt: skip


def found(store: Store, quiet_min: float = 60.0) -> list[tuple[str, str]]:
    question = asked("day", "device", ("2026-02-26", "2026-02-26"), (None, None), date(2026, 2, 27))
    return [(one.kind, one.device) for one in alarms(store, question, NOW_S, quiet_min)]


@pytest.mark.parametrize(
    ("value", "usual", "far"),
    [
        (100, [100, 104, 96, 101], False),
        (150, [100, 104, 96, 101], True),
        (20, [100, 104, 96, 101], True),
        (150, [100, 160, 60, 130, 90], False),
        (3, [0, 0, 0, 0], False),
        (5, [0, 0, 0, 0], True),
    ],
    ids=["usual", "many", "few", "a weekday that varies", "some where nobody is", "many there"],
)
def test_far_is_told_by_how_much_the_weekday_varies(value, usual, far) -> None:
    """And never finer than chance itself would scatter a count."""
    assert is_far(value, usual) is far


def test_a_day_far_from_its_weekday_is_an_alarm(store: Store) -> None:
    """Four Thursdays at least must be known; other weekdays do not count."""
    store.write([day(week, 100) for week in range(8)], [], 0)
    store.write([day(8, 30)], [], 0)
    assert found(store) == [("unusual", "door")]


def test_without_enough_days_or_without_looking_there_is_none(store: Store) -> None:
    """A camera that looked for a third of the day says nothing of the day."""
    store.write([*(day(week, 100) for week in range(5, 8)), day(8, 10)], [], 0)
    store.write(
        [window(week * WEEK, device="till", seq=week, people=3) for week in range(8)], [], 0
    )
    store.write([window(LAST, device="till", seq=99, observed_s=20.0)], [], 0)
    assert found(store) == []


def test_a_device_is_quiet_when_its_last_window_is_long_past(store: Store) -> None:
    """Or when none of a right clock ever came."""
    store.write([window(LAST), window(LAST - 70, device="till")], [], 0)
    store.write([window(LAST, device="lamp", clock_synced=False)], [], 0)
    assert found(store) == [("quiet", "lamp"), ("quiet", "till")]
    assert found(store, quiet_min=5.0) == [("quiet", "door"), ("quiet", "lamp"), ("quiet", "till")]


def test_the_command_ends_with_five_where_there_is_an_alarm(store: Store, address: str) -> None:
    """And with zero and a sentence where there is none."""
    store.write([window(0)], [], 0)
    done = agender_hub("alarms", "--store", address)
    assert (done.returncode, done.stdout[:15]) == (5, "quiet: shop/doo")
    calm = agender_hub("alarms", "--store", address, "--device", "none")
    assert (calm.returncode, calm.stdout) == (0, "nothing is quiet or unusual\n")
