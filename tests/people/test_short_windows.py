"""While k is above 1 no window is told that is shorter than the least length, nor anybody lost."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox.outbox import Outbox
from edge.runtime.census.census import Census
from edge.runtime.frame import ViewHealth, Window
from edge.vision.short_windows import TOLERANCE_S, ShortWindows, emptied, joined
from tests.people.folded import anonymiser
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
    assert told[0].dwell_s / told[0].timed == pytest.approx(4.0), "the mean of those it knows"


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
    """How long that was; of how many people is finer than any window."""
    (tmp_path / "file").write_text("")
    with Outbox(tmp_path / "file" / "o.sqlite") as outbox:
        windows, _ = short_windows(outbox)
        windows.take(window(1000.0, 30.0, 2))
        windows.end(live=True)
    assert "the last 30 s could not be kept" in caplog.text
    assert "2" not in caplog.records[-1].getMessage()


@pytest.mark.parametrize(("kept", "later", "told"), [(4, 1, None), (4, 5, 3.0), (0, 5, 3.0)])
def test_the_mean_stay_is_told_of_enough_whose_stay_is_known(
    outbox: Outbox, kept: int, later: int, told: float | None
):
    """Four people kept over a start, of whom no stay is known, do not hide the stay of a fifth."""
    windows, _ = short_windows(outbox)
    windows.take(window(1000.0, 30.0, kept, dwell_s=999.0))
    windows.end(live=True)
    again, found = short_windows(outbox)
    again.begin(1031.0, synced=True)
    again.take(window(1031.0, 60.0, later, dwell_s=3.0 * later, attention_s=1.0 * later))
    counts = anonymiser(5).counts(found[0])
    assert (counts.people, counts.dwell_s_mean) == (kept + later, told)
    assert counts.attention_s_mean == (None if told is None else 1.0)


def sampled(
    outbox: Outbox, openings: list[tuple[float, float, int]], *, restarts: bool = False
) -> tuple[Told, int]:
    """What is told while somebody opens and closes the camera by requests, and how many came.

    Each opening: for how long it stays shut, how long open then, and how many are in view when it
    is shut again. `restarts`: vision starts anew before each.
    """
    wall, now_s, came = Wall(NOON_S), 0.0, 0
    windows, told = short_windows(outbox)
    census = Census(60.0, wall)
    for shut_s, open_s, people in openings:
        if restarts:
            last = census.close()
            windows.take(last) if last else None
            windows.end(live=True)
            windows = ShortWindows(LEAST_S, outbox, told.append)
            windows.begin(NOON_S + now_s, synced=True)
            census = Census(60.0, wall)
        until_s = now_s + shut_s
        while now_s < until_s:
            census.unseen(now_s := now_s + 0.25)
            take_closed(census, windows, now_s)
        until_s = now_s + open_s
        while now_s < until_s:
            census.frame(now_s := now_s + 0.1, people)
            take_closed(census, windows, now_s)
        census.unseen(now_s := now_s + 0.01)
        census.add([visit(now_s)] * people)
        came += people
    for _ in range(600):  # at last it stays open
        census.frame(now_s := now_s + 0.25, 0)
        take_closed(census, windows, now_s)
    return told, came


def take_closed(census: Census, windows: ShortWindows, now_s: float) -> None:
    for closed in census.poll(now_s):
        windows.take(closed)


OPENINGS = st.lists(
    st.tuples(st.floats(0.25, 200.0), st.floats(0.1, 70.0), st.integers(0, 3)), max_size=8
)


@pytest.mark.parametrize("restarts", [False, True])
@given(openings=OPENINGS)
@settings(deadline=None, max_examples=40)
def test_whoever_may_pause_is_told_of_no_shorter_time(
    tmp_path_factory: pytest.TempPathFactory, restarts: bool, openings: list
):
    """The camera opened for a second a minute would tell who is in view, minute by minute."""
    with Outbox(tmp_path_factory.mktemp("o") / "o.sqlite") as outbox:
        told, came = sampled(outbox, openings, restarts=restarts)
    assert told.people == came
    opened_s = 0.0
    for one in told:
        opened_s += one.open_s
        if not one.emptied:
            assert opened_s >= LEAST_S - TOLERANCE_S
            opened_s = 0.0
    assert all(w.observed_s <= w.window_s + 1e-6 for w in told)
    assert all(w.window_s < 2 * LEAST_S for w in told)
    spans = [(w.start_s, w.end_s) for w in told if w.clock_synced]
    assert all(a[1] <= b[0] + 1e-3 for a, b in pairwise(spans))


@given(openings=OPENINGS)
@settings(deadline=None, max_examples=40)
def test_the_time_of_each_window_is_told_in_its_place(
    tmp_path_factory: pytest.TempPathFactory, openings: list
):
    """Whoever is counted may wait for later; what was looked at, and for how long, does not."""
    with Outbox(tmp_path_factory.mktemp("o") / "o.sqlite") as outbox:
        told, _ = sampled(outbox, openings)
    spans = [(w.start_s, w.end_s) for w in told]
    assert all(a[1] == pytest.approx(b[0], abs=0.01) for a, b in pairwise(spans))
    assert sum(w.window_s for w in told) == pytest.approx(spans[-1][1] - spans[0][0], abs=0.1)
    opened_s = sum(open_s for _, open_s, _ in openings) + 150.0
    assert sum(w.observed_s for w in told) == pytest.approx(opened_s, abs=61 + len(openings))


@pytest.mark.parametrize("people", [0, 1])
def test_a_second_a_minute_is_told_in_one_window(outbox: Outbox, people: int):
    """Whether somebody was in view, or nobody: windows come at the same times, all alike."""
    told, came = sampled(outbox, [(59.0, 1.0, people)] * 20)
    assert [w.people for w in told if not w.emptied] == [came, 0]
    assert all(w == emptied(w) for w in told if w.emptied)


def test_the_windows_of_a_long_pause_are_told_as_they_pass(outbox: Outbox):
    """They say that nothing was looked at; who was counted before it is told after it."""
    told, _ = sampled(outbox, [(0.25, 30.0, 2), (600.0, 1.0, 0)])
    assert [w.emptied for w in told] == [*[True] * 10, False, False, False]
    assert [w.people for w in told] == [*[0] * 10, 2, 0, 0]
    assert [round(w.observed_s) for w in told] == [30, *[0] * 9, 29, 60, 60]
    assert all(w.window_s == pytest.approx(60.0, abs=0.3) for w in told)


@pytest.mark.parametrize("after_s", [0.0, 90_000.0])
def test_who_waits_is_kept_though_the_process_is_killed(outbox: Outbox, after_s: float):
    """A shop that pauses at night and then cuts the power."""
    windows, told = short_windows(outbox)
    windows.take(window(1000.0, 60.0, 3, shut_s=30.0))
    windows.take(window(1060.0, 60.0, shut_s=60.0))
    again, later = short_windows(outbox)
    again.begin(1120.0 + after_s, synced=True)
    again.take(window(1120.0 + after_s, 60.0, 1, shut_s=40.0))
    once_more, last = short_windows(outbox)
    once_more.begin(1180.0 + after_s, synced=True)
    once_more.take(window(1180.0 + after_s, 60.0, 1, dwell_s=3.0))
    assert [w.people for w in (*told, *later, *last)] == [0, 0, 0, 5]
    assert last[0].timed == 1
    finally_, none = short_windows(outbox)
    finally_.begin(1240.0 + after_s, synced=True)
    finally_.take(window(1240.0 + after_s, 60.0))
    assert [w.people for w in none] == [0], "nobody is told twice"


def test_who_waits_at_the_end_of_a_recording_is_told(outbox: Outbox):
    """In a window after those that are told, filled up."""
    windows, told = short_windows(outbox)
    windows.take(window(1000.0, 60.0, 3, shut_s=30.0))
    windows.end(live=False)
    assert [(w.start_s, w.window_s, w.observed_s, w.people) for w in told] == [
        (1000.0, 60.0, 60.0, 0), (1060.0, 60.0, 0.0, 3),
    ]  # fmt: skip
