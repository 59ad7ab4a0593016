"""What an audit asks about: another time, another clock, an auditor who went away."""

from __future__ import annotations

from random import Random

import pytest

from tests.audit.hours import HOUR
from tests.audit.support import held, minute, tally
from tests.audit.support import told as window


def test_a_recording_of_another_time_is_named():
    """Of which, so that the right one can be looked for."""
    found = held(tally(minute(n, 5) for n in HOUR), [window(n + 600, 5) for n in HOUR])
    assert any("from 2026-03-07 19:00 to 2026-03-07 20:00" in note for note in found.notes)


def test_an_auditor_who_went_away_is_asked():
    """He forgot to press q: what the device counted then is no error of its own."""
    windows = [window(n, 5) for n in HOUR]
    away = held(tally(minute(n, 5 * (n < 40)) for n in HOUR), windows)
    assert any("in 20 bins in a row nobody was tallied" in note for note in away.notes)
    there = held(tally(minute(n, 5 * (n % 4 > 0)) for n in HOUR), windows)
    assert not any("in a row" in note for note in there.notes)


@pytest.mark.parametrize(("by", "word"), [(2, "2 bins later"), (-1, "1 bins earlier")])
def test_a_tally_by_another_clock_is_asked_about(by, word):
    """The same counts, some bins apart."""
    random = Random(6)
    people = [random.randrange(12) for _ in range(80)]
    bins = [minute(n, people[n]) for n in range(10, 70)]
    found = held(tally(bins), [window(n, people[n - by]) for n in range(10, 70)])
    assert any(word in note for note in found.notes)
    assert not held(tally(bins), [window(n, people[n]) for n in range(10, 70)]).notes
