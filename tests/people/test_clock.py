"""Monotonic time to wall time, and whether to believe the wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.runtime.census import clock
from edge.runtime.census.clock import LiveClock, MediaClock


def test_a_cameras_stamp_is_the_wall_clock_less_the_frames_age():
    """A frame captured two seconds ago, and again after the clock was set."""
    wall = [1000.0]
    live = LiveClock(monotonic=lambda: 50.0, wall=lambda: wall[0], synced=lambda: True)
    assert live.wall_s(48.0) == 998.0
    wall[0] = 5000.0
    assert live.wall_s(48.0) == 4998.0


def test_a_recordings_time_runs_from_the_start_of_the_program():
    """Whatever the wall clock does while it plays."""
    wall = [1000.0]
    media = MediaClock(wall=lambda: wall[0], synced=lambda: True)
    wall[0] = 9999.0
    assert (media.wall_s(0.0), media.wall_s(12.5), media.synced()) == (1000.0, 1012.5, True)


@pytest.mark.parametrize(
    ("kernel", "mark", "synced"),
    [(True, False, True), (False, True, False), (None, True, True), (None, False, False)],
    ids=["kernel says yes", "kernel says no", "only the mark", "neither"],
)
def test_the_kernel_is_asked_first_then_the_mark(
    kernel: bool | None, mark: bool, synced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A sandbox may refuse adjtimex; systemd-timesyncd's mark is what remains."""
    path = tmp_path / "synchronized"
    if mark:
        path.touch()
    monkeypatch.setattr(clock, "_kernel_synced", lambda: kernel)
    monkeypatch.setattr(clock, "TIMESYNC_MARK", path)
    assert clock.system_synced() is synced


def test_asking_the_kernel_changes_nothing_and_answers():
    """On this machine, for real: yes, no, or refused."""
    assert clock._kernel_synced() in (True, False, None)
