"""The soak's judgement: growth is told from noise, and no gap escapes."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.soak import plan, verdict
from benchmarks.soak.consumer import Seen
from benchmarks.soak.device import Sample

REAL = plan.real_time(1)
FULL = Seen("b1", 10.0, 10.0, 100, 1)


def life(name: str, hours: float, growth_mb: float = 0.0, handles: float = 0.0) -> list[Sample]:
    """A process with noise, a step after its start, and so much growth an hour."""
    random = Random(name)
    samples = []
    for index in range(int(hours * 720)):
        at_s = index * 5.0
        hour = at_s / 3600
        rss_mb = 120 + 8 * (index > 5) + growth_mb * hour + random.gauss(0, 0.3)
        files = 10 + int(handles * hour) - (random.random() < 0.1)
        samples.append(Sample(at_s, "vision", name, rss_mb, rss_mb / 2, files, 3))
    return samples


@pytest.mark.parametrize("growth_mb", [0.0, 0.4])
def test_noise_a_warm_up_and_a_new_start_are_no_growth(growth_mb: float):
    """Steps at the start are left out, and lives are never compared with each other."""
    samples = [*life("first", 1.2, growth_mb), *life("second", 2, growth_mb), *life("short", 0.05)]
    found = verdict.growth("vision", samples, 3600)
    assert found is not None
    assert found.slope_mb == pytest.approx(growth_mb, abs=0.2)
    assert found.lives == 3
    assert verdict.growing(REAL, "vision", found) == []


@pytest.mark.parametrize("levels", [(0, 0, 0, 0), (0, 4, 0, 4), (4, 0, 0, 4), (0, 4, 4, 0)])
def test_a_level_that_is_left_and_entered_again_is_no_growth(levels: tuple[int, ...]):
    """A camera opened anew takes some memory, a pause gives it back."""
    samples = [
        sample._replace(rss_mb=sample.rss_mb + levels[index // 181])
        for index, sample in enumerate(life("two levels", 1))
    ]
    found = verdict.growth("vision", samples, 3600)
    assert verdict.growing(REAL, "vision", found) == []


@pytest.mark.parametrize("step_mb", [0, 4])
def test_a_leak_is_found(step_mb: int):
    """Two megabytes an hour under the same noise, and under levels that come and go."""
    samples = [
        sample._replace(rss_mb=sample.rss_mb + step_mb * (index // 100 % 2))
        for index, sample in enumerate(life("leaking", 1, growth_mb=2.0))
    ]
    found = verdict.growth("vision", samples, 3600)
    [said] = verdict.growing(REAL, "vision", found)
    assert "vision: memory grows by" in said
    assert found.slope_mb == pytest.approx(2.0, abs=0.6)


def test_handles_that_are_never_closed_are_found():
    """Two files more an hour, among some that come and go."""
    found = verdict.growth("vision", life("leaking", 4, handles=4), 3600)
    [said] = verdict.growing(REAL, "vision", found)
    assert "open files more" in said


def test_what_lived_too_shortly_is_not_called_flat():
    """No verdict is not a good one."""
    other = [sample._replace(verb="run") for sample in life("long", 1)]
    short = [s for name in "abcde" for s in life(name, 0.05)]
    assert verdict.growth("vision", other, 3600) is None
    last = short[-1]._replace(at_s=3600.0, life="f")
    found = verdict.growth("vision", [*short, last], 3600)
    assert found is None
    [said] = verdict.growing(REAL, "vision", found)
    assert "cannot be judged" in said


def test_a_missing_window_is_found():
    """Numbers from 1 to the last, each of them."""
    windows = dict.fromkeys((1, 2, 4, 5), FULL)
    assert verdict.missing(windows) == ["1 windows are missing: [3]"]
    assert verdict.missing(windows | {3: FULL}) == []


@pytest.mark.parametrize(
    "torn", [Seen("b1", 10.0, 6.0, 60, 1), Seen("b1", 7.0, 7.0, 70, 1), Seen("b1", 10.0, 0, 0, 0)]
)
def test_only_a_fault_explains_a_torn_window(torn: Seen):
    """Short ones, and ones that were not looked at, but for a boot's first and the last."""
    windows = dict.fromkeys(range(1, 10), FULL) | {5: torn}
    assert any("window 5 has" in said for said in verdict.torn(REAL, windows, []))
    assert verdict.torn(REAL, windows, [verdict.Hole(4, 6)]) == []
    assert verdict.torn(REAL, windows, [verdict.Hole(3, 5)])
    assert verdict.torn(REAL, dict.fromkeys(range(1, 10), FULL) | {1: torn, 9: torn}, []) == []


def test_time_without_a_window_is_found():
    """Starts of vision cost some; the rest of the time run is in windows."""
    windows = dict.fromkeys(range(1, 61), FULL)
    assert verdict.uncovered(REAL, windows, 610.0) == []
    [said] = verdict.uncovered(REAL, windows, 700.0)
    assert "windows cover 600.0 s of 700.0 s, with 1 starts" in said


def test_of_a_clip_the_frames_tell_the_time():
    """Windows that claim more or less than the frames they saw are found."""
    fast = plan.day()
    windows = dict.fromkeys(range(1, 101), Seen("b1", 1.0, 1.0, 10, 0))
    assert verdict.uncovered(fast, windows, 5.0) == []
    paused = dict.fromkeys(range(1, 101, 10), Seen("b1", 1.0, 0.9, 10, 0))
    assert verdict.uncovered(fast, windows | paused, 5.0, pauses=10) == []
    assert verdict.uncovered(fast, windows | paused, 5.0)
    assert verdict.uncovered(fast, windows, 5.0, pauses=10)
    assert verdict.uncovered(fast, windows | {50: Seen("b1", 1.0, 1.0, 3, 0)}, 5.0)
