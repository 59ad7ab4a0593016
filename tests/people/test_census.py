"""Visits become windows: none lost, none doubled, whatever the wall clock does."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.runtime.census.census import SNAP_S, Census
from edge.runtime.frame import Visit, Window
from tests.people.folded import anonymiser

NOON_S = 1_800_000_000.0


class Wall:
    """A wall clock that a test sets."""

    def __init__(self, start_s: float = NOON_S, synced: bool = True) -> None:
        self.offset_s = start_s
        self.is_synced = synced

    def wall_s(self, captured_s: float) -> float:
        return self.offset_s + captured_s

    def synced(self) -> bool:
        return self.is_synced


def visit(last_s: float = 0.0, **known: object) -> Visit:
    return Visit(first_seen_s=last_s - 2.0, last_seen_s=last_s, **known)  # type: ignore[arg-type]


def watch(census: Census, start_s: float, end_s: float, fps: float = 10.0, present: int = 0):
    """Frames from start to end, and the windows they close."""
    closed = []
    for index in range(round((end_s - start_s) * fps)):
        census.frame(start_s + index / fps, present)
        closed += census.poll(start_s + index / fps)
    return closed


def test_windows_follow_the_wall_clocks_minutes():
    """The first window ends with the minute it began in; the next are whole minutes."""
    census = Census(60.0, Wall(NOON_S + 43.0))
    windows = watch(census, 0.0, 150.0)
    assert [window.window_s for window in windows] == [17.0, 60.0, 60.0]
    assert [window.start_s - NOON_S for window in windows] == [43.0, 60.0, 120.0]
    assert [window.end_s - NOON_S for window in windows] == [60.0, 120.0, 180.0]
    assert all(window.clock_synced for window in windows)


def test_a_visit_counts_in_the_window_in_which_it_ends():
    """Once, whole, wherever it began."""
    census = Census(60.0, Wall())
    watch(census, 0.0, 70.0)
    census.add([Visit(first_seen_s=5.0, last_seen_s=69.0, attention_s=8.0, female=True)])
    first, second = census.poll(120.0)[-1], census.close()
    assert (first.people, first.dwell_s, first.attention_s) == (1, 64.0, 8.0)
    assert second is None


def test_an_interval_without_frames_has_its_empty_window():
    """A dead camera is told from an empty street by `observed_s`."""
    census = Census(60.0, Wall())
    watch(census, 0.0, 60.0)
    windows = census.poll(190.0)
    assert [window.people for window in windows] == [0, 0, 0]
    assert [round(window.observed_s, 3) for window in windows] == [60.0, 0.9, 0.0]
    assert [window.frames_seen for window in windows] == [600, 0, 0]


def test_skipped_frames_are_told():
    """Frames that were captured and not processed are in the window that is closed next."""
    census = Census(60.0, Wall())
    watch(census, 0.0, 30.0)
    census.skipped(7)
    assert [window.frames_skipped for window in census.poll(121.0)] == [7, 0]


def test_presence_is_averaged_over_the_time_that_was_watched():
    """Two people for ten seconds and nobody for thirty: half a person, two at most."""
    census = Census(60.0, Wall())
    watch(census, 0.0, 10.0, present=2)
    watch(census, 10.0, 40.0)
    window = census.poll(60.0)[0]
    assert window.present_max == 2
    assert window.present_mean == pytest.approx(20 / 40.9, rel=0.01)


def test_the_cells_are_gender_and_age_band():
    """Unknown is a cell of its own."""
    census = Census(60.0, Wall())
    census.add([visit(1.0, female=True, age_years=30.2), visit(1.0, age_years=70.0), visit(1.0)])
    window = census.poll(60.5)[0]
    assert window.cells == {
        ("female", "25_34"): 1,
        ("unknown", "65_plus"): 1,
        ("unknown", "unknown"): 1,
    }


def test_what_is_open_at_the_end_becomes_a_shorter_window():
    """And where nothing ever happened there is none."""
    census = Census(60.0, Wall())
    assert census.close() is None
    watch(census, 0.0, 12.1)
    census.add([visit(12.0)])
    last = census.close()
    assert (last.people, last.window_s, last.end_s - last.start_s) == (1, 12.0, 12.0)


def test_a_window_before_synchronisation_is_marked():
    """And one after it is not."""
    wall = Wall(synced=False)
    census = Census(60.0, wall)
    before = census.poll(0.0) + census.poll(60.0)
    wall.is_synced = True
    after = census.poll(120.0)
    assert [window.clock_synced for window in before + after] == [False, True]


def test_the_first_synchronisation_stamps_the_open_window_by_the_new_time():
    """Ten minutes late at start: the window's length is right, its stamps are the new ones."""
    wall = Wall(NOON_S - 600.0, synced=False)
    census = Census(60.0, wall)
    census.poll(0.0)
    wall.offset_s, wall.is_synced = NOON_S, True
    first, second = census.poll(120.0)
    assert (first.start_s, first.end_s) == (NOON_S, NOON_S + 60.0)
    assert (second.start_s, second.end_s) == (NOON_S + 60.0, NOON_S + 120.0)


def test_a_clock_set_back_marks_the_windows_that_would_overlap():
    """Synchronised windows never overlap, so the hour that is lived twice is marked."""
    wall = Wall()
    census = Census(60.0, wall)
    first = census.poll(0.0) + census.poll(60.0)
    wall.offset_s -= 90.0
    later = census.poll(270.0)
    assert [window.clock_synced for window in first + later] == [True, False, False, True]


def test_a_slewed_clock_leaves_whole_minutes():
    """A clock that gains 20 ms a minute changes the lengths by that, not the stamps."""
    wall = Wall()
    census = Census(60.0, wall)
    ends = []
    for second in range(600):
        wall.offset_s += 0.02 / 60
        ends += [window.end_s for window in census.poll(float(second))]
    assert ends == [NOON_S + 60.0 * minute for minute in range(1, len(ends) + 1)]


def test_a_new_length_takes_effect_at_its_next_boundary():
    """An open hour that becomes minutes ends with the minute."""
    census = Census(3600.0, Wall(NOON_S + 10.0))
    census.poll(0.0)
    census.set_length(60.0)
    assert [window.window_s for window in census.poll(115.0)] == [50.0, 60.0]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.01, 100.0)),
        st.tuples(st.just("frame"), st.floats(0.01, 3.0)),
        st.tuples(st.just("visit"), st.integers(1, 3)),
        st.tuples(st.just("jump"), st.floats(-1e5, 1e5)),
        st.tuples(st.just("slew"), st.floats(-0.01, 0.01)),
        st.tuples(st.just("sync"), st.booleans()),
    ),
    max_size=60,
)


@given(STEPS, st.sampled_from([1.0, 10.0, 60.0, 900.0]), st.floats(0.0, 1000.0))
def test_under_any_clock_no_window_is_lost_doubled_or_overlapping(steps, length_s, ahead_s):
    """Every visit is in one window, every moment too; synchronised stamps never overlap."""
    wall = Wall(NOON_S + ahead_s)
    census, windows, now_s, visits, frames = Census(length_s, wall), [], 5.0, 0, 0
    census.poll(now_s)
    for kind, amount in steps:
        if kind in ("wait", "frame"):
            now_s += amount
        if kind == "frame":
            census.frame(now_s, 1)
            frames += 1
        elif kind == "visit":
            census.add([visit(now_s)] * amount)
            visits += amount
        elif kind in ("jump", "slew"):
            wall.offset_s += amount
        elif kind == "sync":
            wall.is_synced = amount
        windows += census.poll(now_s)
    last = census.close()
    windows += [last] if last else []
    assert sum(window.people for window in windows) == visits
    assert sum(window.frames_seen for window in windows) == frames
    assert sum(window.window_s for window in windows) == pytest.approx(now_s - 5.0)
    _check_stamps(windows, length_s)


def _check_stamps(windows: list[Window], length_s: float) -> None:
    until_s = 0.0
    for window in windows:
        assert 0 <= window.observed_s <= window.window_s <= 1.5 * length_s + SNAP_S
        assert window.end_s - window.start_s == pytest.approx(window.window_s, abs=3 * SNAP_S)
        if window.clock_synced:
            assert window.start_s >= until_s
            until_s = window.end_s


def test_of_a_visit_that_a_pause_cut_only_that_it_was_is_kept():
    """Neither who it was, nor where, nor how long; what was no face is none all the same."""
    census = Census(60.0, Wall())
    census.frame(0.0, 1)
    who = {"female": True, "age_years": 30.0, "attention_s": 2.0, "places": ("zone_a_people",)}
    seen = Visit(first_seen_s=0.0, last_seen_s=5.0, **who)
    census.add([seen, replace(seen, is_face=False)], unknown=True)
    census.add([seen])
    window = census.close()
    assert window is not None
    assert window.cells == {("unknown", "unknown"): 1, ("female", "25_34"): 1}
    assert (window.people, window.untimed, window.not_faces) == (2, 1, 1)
    assert (window.dwell_s, window.attention_s, window.places) == (5.0, 2.0, {"zone_a_people": 1})


@pytest.mark.parametrize("pauses", [0, 4, 40])
def test_no_number_of_pauses_makes_a_crowd_of_one_person(pauses: int):
    """Whoever was in view when the camera was shut may be the same person each time."""
    census = Census(60.0, Wall())
    census.frame(0.0, 1)
    census.add([visit(5.0, female=True, age_years=30.0)] * pauses, unknown=True)
    census.add([visit(9.0, female=True, age_years=30.0)])
    window = census.close()
    assert window is not None
    told = anonymiser(5, estimates=False).counts(window)
    assert told.people == pauses + 1
    assert {told.female, told.female_25_34, told.dwell_s_mean, told.age_25_34} <= {0, None}
