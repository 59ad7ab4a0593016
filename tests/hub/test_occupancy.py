"""How many are inside, from the lines of all entrances; from both stores."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import msgspec
import pytest

from hub.report.occupancy import occupancy
from hub.report.occupancy_forms import as_csv, as_json, as_text
from hub.report.question import asked
from hub.store import Store
from tests.hub.support import window

HOUR, DAY = 60, 1_440


def crossings(minute: int, ins: int | None, outs: int | None, device: str = "door"):
    places = {"line_door_in": ins, "line_door_out": outs, "zone_till_people": 9}
    return window(minute, device=device, timezone="+01:00", places=places)


@pytest.fixture
def filled(store: Store) -> Store:
    """A house of two doors, on 1 January by a clock that is an hour ahead."""
    store.group("house", [("shop", "door"), ("shop", "gate")])
    store.write(
        [
            crossings(7 * HOUR, 10, 0),
            crossings(7 * HOUR + 1, 5, 0, "gate"),
            crossings(8 * HOUR, 0, 4, "gate"),
            crossings(10 * HOUR, 0, 20),
            crossings(11 * HOUR, 8, 0),
            crossings(12 * HOUR, None, None),
            crossings(DAY, 0, 3),  # at one in the night: still the day before's
            crossings(DAY + 9 * HOUR, 2, 1),
            window(9 * HOUR, site="other", timezone="+01:00", places={"line_a_in": 99}),
        ],
        [], 0,
    )  # fmt: skip
    return store


def days(store: Store, first="2026-01-01", last="2026-01-02", whose=("shop", None), **more):
    question = asked("hour", "device", (first, last), whose, date(2026, 1, 2))
    return occupancy(store, question._replace(group=more.pop("group", None)), **more)


def test_all_entrances_are_one_house(filled: Store) -> None:
    """Who comes in at one door and leaves by another was inside once."""
    first = days(filled)[0]
    assert [(h.start, h.inside) for h in first.hours[:2]] == [
        (datetime(2026, 1, 1, 8), 15), (datetime(2026, 1, 1, 9), 11),
    ]  # fmt: skip


def test_nobody_is_fewer_than_nobody_and_what_that_takes_is_told(filled: Store) -> None:
    """Nine more went than were in; five are left at night: the numbers are off by nine at least."""
    first, second = days(filled)
    assert [hour.inside for hour in first.hours] == [15, 11, 0, 8, 8, 5]
    assert (first.clamped, first.left, first.off, first.untold) == (9, 5, 9, 1)
    assert [hour.inside for hour in second.hours] == [1]


def test_the_night_is_when_it_is_said_to_be(filled: Store) -> None:
    """From midnight on the three who left late belong to the second day."""
    second = days(filled, reset_hour=0)[1]
    assert (second.hours[0].start, second.clamped) == (datetime(2026, 1, 2, 1), 3)


def test_a_group_is_a_house_and_others_are_not_in_it(filled: Store) -> None:
    assert days(filled, whose=(None, None), group="house")[0].hours[0].inside == 15
    assert days(filled, whose=(None, None), group="none") == []
    assert days(filled, whose=(None, None))[0].hours[2].inside == 110


def test_text_csv_and_json_tell_the_same(filled: Store) -> None:
    """With by how much it is off, in words and as numbers."""
    found = days(filled)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    told = msgspec.json.decode(as_json(found))
    assert [int(row["inside"]) for row in rows] == [h["inside"] for d in told for h in d["hours"]]
    assert told[0]["off_at_least"] == 9
    assert (
        "of 23 who came 5 are left at night, 9 more went than were in: off by 9 at least; of 1 "
        in (as_text(found))
    )
    assert as_text([]) == "no crossing of a line is stored of it\n"
