"""A day's windows through the whole product, with faults throughout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.soak import plan
from benchmarks.soak.run import soak
from edge.errors import SourceError

FAULTS = {
    "bad line", "broker killed", "broker refuses", "clock jumps", "paused", "publisher killed",
    "reloaded", "vision frozen", "vision killed",
}  # fmt: skip


@pytest.mark.slow
def test_a_day_of_windows_with_faults_throughout_leaves_no_trace(tmp_path: Path):
    """1,440 windows: none lost or doubled, undisturbed ones full, memory and handles flat."""
    try:
        done = soak(plan.day(), tmp_path / "soak.json")
    except SourceError as error:
        pytest.skip(str(error))
    assert done.wrong == []
    assert set(done.suffered) >= FAULTS
    report = json.loads((tmp_path / "soak.json").read_text())
    assert report["windows"] >= plan.DAY_WINDOWS
    assert report["windows_undisturbed"] > 0.8 * report["windows"]
    assert report["people"] == pytest.approx(report["people_shown"], rel=0.2)
