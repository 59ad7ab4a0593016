"""Keys become sums of the device's windows, whatever the clock does, and nothing finer is kept."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.messages.fields import timestamp
from edge.tally import file
from tests.audit.support import NINE_S, Auditor
from tests.history.support import ZONE


def people(auditor_s_tally):
    return [each.counts.get("people", 0) for each in auditor_s_tally.bins]


def test_each_key_is_in_the_bin_of_its_window():
    """A bin begins and ends where the device's window does."""
    auditor = Auditor()
    auditor.wait(60)
    auditor.woman(2)
    auditor.wait(60)
    auditor.woman(3)
    auditor.wait(60)
    found = auditor.end()
    assert people(found) == [2, 3]
    assert [each.start for each in found.bins] == [timestamp(NINE_S + 60), timestamp(NINE_S + 120)]
    assert all(each.whole for each in found.bins)


def test_a_bin_in_which_nobody_came_is_a_bin():
    """That nobody came is seen, too."""
    auditor = Auditor()
    auditor.wait(240)
    assert [(each.whole, each.counts) for each in auditor.end().bins] == [(True, {})] * 3


def test_bins_that_the_auditor_did_not_watch_from_end_to_end_are_not_whole():
    """The first and the last keep what was pressed and say so."""
    auditor = Auditor(NINE_S + 20)
    auditor.woman()
    auditor.wait(50)
    auditor.woman()
    found = auditor.end()
    assert [(each.whole, each.counts["people"]) for each in found.bins] == [(False, 1), (False, 1)]


def test_the_last_key_of_a_bin_can_be_undone_once():
    """And not that of an earlier bin, which is only a sum by then."""
    auditor = Auditor()
    auditor.woman(2)
    assert auditor.book.undo()
    assert not auditor.book.undo()
    assert auditor.book.people == 1
    auditor.wait(60)
    assert not auditor.book.undo()
    assert auditor.book.people == 1


def test_nothing_but_sums_is_held_and_the_last_key_not_beyond_its_bin():
    """Two auditors who press the same keys in another order and at other times hold the same."""
    one, other = Auditor(), Auditor()
    one.woman()
    one.wait(30)
    one.press("people", "male")
    other.wait(11)
    other.press("people", "male")
    other.woman()
    other.wait(19)
    one.wait(30), other.wait(30)
    held = [
        {**vars(each.book), "tally": each.book.tally.bins, "_boundaries": 0}
        for each in (one, other)
    ]
    assert held[0] == held[1]
    assert held[0]["_last"] == ()


def test_a_clock_that_is_set_back_reopens_no_bin_and_loses_nobody():
    """What is pressed then is added to the bin of that time, which is not whole any more."""
    auditor = Auditor()
    auditor.wait(60)
    auditor.woman(2)
    auditor.wait(60)
    auditor.woman(3)
    auditor.set_clock(-60)
    auditor.woman(1)
    auditor.wait(120)
    found = auditor.end()
    assert sum(people(found)) == 6
    assert found.bins[0].counts["people"] == 3
    assert [each.whole for each in found.bins] == [False, False]
    assert len({each.start for each in found.bins}) == len(found.bins)


@pytest.mark.parametrize("by_s", [-20, 20, 600])
def test_a_bin_in_which_the_clock_was_set_is_not_whole(by_s):
    """Nor the one that is begun in its middle."""
    auditor = Auditor()
    auditor.wait(90)
    auditor.set_clock(by_s)
    auditor.wait(200)
    found = auditor.end()
    starts = [datetime.fromisoformat(each.start).timestamp() for each in found.bins if each.whole]
    assert NINE_S + 60 not in starts
    assert starts


def test_a_machine_that_slept_leaves_no_bin_for_the_time():
    """Nobody watched, so nothing says that nobody came."""
    auditor = Auditor()
    auditor.wait(60)
    auditor.woman()
    auditor.wall_s += 600  # the monotonic clock stands still meanwhile
    auditor.wait(120)
    found = auditor.end()
    assert [each.whole for each in found.bins] == [False, True]


def test_a_program_that_was_stopped_leaves_its_bin_not_whole():
    """Both clocks went on, but no key was read."""
    auditor = Auditor()
    auditor.wait(60)
    auditor.woman()
    auditor.wall_s += 100
    auditor.steady_s += 100
    auditor.wait(1)
    assert [each.whole for each in auditor.end().bins] == [False]


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25)]
)
def test_over_a_change_of_the_clocks_bins_are_the_device_s_windows(day, hours):
    """Of an hour: a day has 23 or 25, none of them twice."""
    start_s = day.replace(tzinfo=ZONE).timestamp()
    auditor = Auditor(start_s - 2, window_s=3_600.0)
    auditor.wait(2)
    for _ in range(hours):
        auditor.woman()
        auditor.wait(3_600)
    found = auditor.end()
    assert people(found) == [1] * hours
    assert all(each.whole for each in found.bins)


def test_a_tally_that_goes_on_in_the_same_window_adds_to_its_bin():
    """Whoever quits and begins again at once loses nothing; the bin is not whole."""
    auditor = Auditor()
    auditor.woman(2)
    again = Auditor()
    again.book.tally = auditor.end()
    again.woman(3)
    assert people(again.end()) == [5]


def test_a_bin_takes_a_million_people_and_no_more():
    """As many as a window of the device may have: the file can always be read again."""
    auditor = Auditor()
    auditor.book.counts.update({"people": 999_999, "female": 999_999})
    assert auditor.book.add(("people", "female"))
    assert not auditor.book.add(("people", "female"))
    assert people(auditor.end()) == [1_000_000]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 90)),
        st.tuples(st.just("woman"), st.integers(1, 3)),
        st.tuples(st.just("set"), st.integers(-200, 200)),
        st.tuples(st.just("sleep"), st.integers(1, 200)),
        st.tuples(st.just("undo"), st.just(1)),
    ),
    max_size=25,
)


@given(STEPS)
def test_whatever_happens_nobody_is_lost_and_the_file_can_be_read(steps):
    """All that was pressed and not undone is in the bins, which follow one another in time."""
    auditor, pressed = Auditor(), 0
    for step, number in steps:
        if step == "woman":
            auditor.woman(number)
            pressed += number
        elif step == "undo":
            pressed -= auditor.book.undo()
        elif step == "sleep":
            auditor.wall_s += number
        else:
            {"wait": auditor.wait, "set": auditor.set_clock}[step](number)
    found = auditor.end()
    assert sum(people(found)) == pressed
    file._check(msgspec.json.decode(msgspec.json.encode(found), type=file.Tally))
    ends = [each.span_s for each in found.bins]
    assert all(one[1] <= other[0] for one, other in pairwise(ends))
