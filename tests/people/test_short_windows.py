"""While k is above 1 no window is told that is shorter than the least length, nor anybody lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.outbox import Outbox
from edge.runtime.census.census import Census
from edge.runtime.frame import ViewHealth, Window
from edge.vision.short_windows import TOLERANCE_S, ShortWindows, joined
from tests.people.test_census import NOON_S, Wall, visit

LEAST_S = 60.0


class Told(list[Window]):
    """The windows passed on."""

    @property
    def people(self) -> int:
        return sum(window.people for window in self)

    @property
    def shortest_s(self) -> float:
        return min((window.window_s for window in self), default=LEAST_S)


def window(start_s: float, length_s: float, people: int = 0, **more: object) -> Window:
    known = {"cells": {("female", "25_34"): people}, "places": {}, "observed_s": length_s} | more
    return Window(
        start_s=start_s, end_s=start_s + length_s, clock_synced=True, window_s=length_s, **known
    )  # type: ignore[arg-type]


def short_windows(outbox: Outbox, least_s: float = LEAST_S) -> tuple[ShortWindows, Told]:
    told = Told()
    return ShortWindows(least_s, outbox, told.append), told


@pytest.fixture
def outbox(tmp_path: Path):
    with Outbox(tmp_path / "o.sqlite") as opened:
        yield opened


def test_at_k_1_every_window_is_passed_on_at_once(outbox: Outbox):
    """Whoever reads them is who is counted."""
    windows, told = short_windows(outbox, 0.0)
    windows.take(window(0.0, 0.1))
    assert [w.window_s for w in told] == [0.1]


def test_a_short_window_joins_the_next(outbox: Outbox):
    """The first one after a start, for instance: its people are told with the next minute's."""
    windows, told = short_windows(outbox)
    windows.take(window(100.0, 20.0, 2, dwell_s=4.0, present_max=2, not_faces=1))
    assert told == []
    windows.take(window(120.0, 60.0, 3, dwell_s=6.0, present_max=1, view=ViewHealth(dark=True)))
    assert [(w.start_s, w.end_s, w.window_s, w.people) for w in told] == [(100.0, 180.0, 80.0, 5)]
    assert (told[0].dwell_s, told[0].present_max, told[0].not_faces) == (10.0, 2, 1)
    assert told[0].view == ViewHealth(dark=True)


def test_joined_windows_keep_the_mean_presence():
    """Weighed by how long each was looked at."""
    whole = joined(window(0, 20, present_mean=1.0), window(20, 60, present_mean=3.0))
    assert whole.present_mean == pytest.approx((20 * 1 + 60 * 3) / 80)


@given(st.lists(st.tuples(st.floats(1.0, 120.0), st.integers(0, 3)), max_size=40))
def test_whatever_lengths_are_asked_for_no_window_is_short_and_nobody_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, int]]
):
    """As `request/window` could be used: a new length as often as one likes."""
    census = Census(60.0, Wall(NOON_S + 43.0))
    with Outbox(tmp_path_factory.mktemp("o") / "o.sqlite") as outbox:
        windows, told = short_windows(outbox)
        now_s = came = 0.0
        for length_s, people in steps:
            census.set_length(length_s)
            for _ in range(20):
                now_s += 0.7
                census.frame(now_s, 0)
                census.add([visit(now_s)] * people)
                came += people
                for closed in census.poll(now_s):
                    windows.take(closed)
        last = census.close()
        if last is not None:
            windows.take(last)
        windows.end(live=False)
    assert told.shortest_s >= LEAST_S - TOLERANCE_S
    assert told.people == came


def test_a_recordings_last_window_is_filled_up(outbox: Outbox):
    """It is told whole, and says how much of it was looked at."""
    windows, told = short_windows(outbox)
    windows.take(window(100.0, 12.0, 4))
    windows.end(live=False)
    assert [(w.window_s, w.end_s, w.observed_s, w.people) for w in told] == [(60.0, 160.0, 12.0, 4)]
    assert not told[0].clock_synced, "it ends later than now, and could overlap another run's"


def test_a_cameras_last_window_goes_on_after_the_next_start(outbox: Outbox):
    """Only its people and its span are kept; nothing of who they were, nor how long they stayed."""
    windows, told = short_windows(outbox)
    raw = window(1000.0, 30.0, 2, dwell_s=8.0, places={"zone_a_people": 2})
    windows.take(raw)
    windows.end(live=True)
    assert told == []
    again, told = short_windows(outbox)
    again.begin(1045.0, synced=True)
    again.take(window(1045.0, 15.0, 1, dwell_s=5.0))
    again.take(window(1060.0, 60.0, 1, dwell_s=3.0))
    assert [(w.start_s, w.end_s, w.people) for w in told] == [(1000.0, 1120.0, 4)]
    assert told[0].cells == {("unknown", "unknown"): 2, ("female", "25_34"): 2}
    assert told[0].places == {}
    assert told[0].dwell_s / told[0].people == pytest.approx(4.0), "the mean of those it knows"


def test_what_was_kept_is_told_on_its_own_once_its_window_is_over(outbox: Outbox):
    """A device that is switched off in the evening tells its last people for that evening."""
    windows, _ = short_windows(outbox)
    windows.take(window(1000.0, 30.0, 2))
    windows.end(live=True)
    again, told = short_windows(outbox)
    again.begin(90_000.0, synced=True)
    assert [(w.start_s, w.end_s, w.observed_s, w.people) for w in told] == [
        (1000.0, 1060.0, 30.0, 2)
    ]
    once_more, told = short_windows(outbox)
    once_more.begin(95_000.0, synced=True)
    assert told == []


def test_while_the_clock_is_wrong_what_was_kept_waits_for_company(outbox: Outbox):
    """Nobody knows whether its window is over."""
    windows, _ = short_windows(outbox)
    windows.take(window(1000.0, 30.0, 2))
    windows.end(live=True)
    again, told = short_windows(outbox)
    again.begin(90_000.0, synced=False)
    assert told == []
    again.take(window(90_000.0, 60.0, 1))
    assert [w.people for w in told] == [3]


def test_a_disk_that_keeps_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """How many people that were, and no more."""
    (tmp_path / "file").write_text("")
    with Outbox(tmp_path / "file" / "o.sqlite") as outbox:
        windows, _ = short_windows(outbox)
        windows.take(window(1000.0, 30.0, 2))
        windows.end(live=True)
    assert "the last 30 s, with 2 people, could not be kept" in caplog.text
