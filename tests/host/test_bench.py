"""The benchmark's figures are of this run, add up, and come as a table or as JSON."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from edge.config.read import load
from edge.runtime.meter import STAGES, Meter
from edge.vision import assembly
from edge.vision.assembly import build_stages
from tests.main_job.program import run


def test_stages_add_up_and_the_networks_dominate(demo_clip):
    """Every stage is there; the share outside the networks follows from them."""
    done = run("bench", "--source", demo_clip, "--frames", 60, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["frames"] == 60
    assert 0 < result["frames_looked_at"] <= 60
    assert result["cpu_s_per_frame"] == pytest.approx(result["cpu_ms_per_frame"] / 1000, rel=0.01)
    assert set(result["frames_per_s_by_threads"]) == {"1", "4"}
    assert all(rate > 0 for rate in result["frames_per_s_by_threads"].values())
    stages = result["stage_ms"]
    assert tuple(stages) == STAGES
    assert sum(stages.values()) == pytest.approx(result["cpu_ms_per_frame"], rel=0.01)
    outside = 1 - (stages["detect"] + stages["estimate"]) / result["cpu_ms_per_frame"]
    assert result["outside_networks_share"] == pytest.approx(outside, abs=0.01)
    assert stages["detect"] > 0
    assert result["vision_memory_mb"] > result["publisher_memory_mb"] > 5
    assert result["first_frame_s"] > 0


def test_the_table_names_every_stage(demo_clip):
    """For a person: a row a stage, then memory and start-up."""
    done = run("bench", "--source", demo_clip, "--frames", 20)
    for word in (
        *STAGES,
        "total",
        "resident memory",
        "start → first frame",
        "CPU seconds",
        "with 4 threads",
    ):
        assert word in done.stdout


def test_one_frame_can_be_measured(demo_clip):
    """The first frame belongs to the start and comes on top of those asked for."""
    done = run("bench", "--source", demo_clip, "--frames", 1, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 1


def test_what_is_too_short_is_told_in_a_sentence(tmp_path):
    """A folder with one picture has nothing after the first frame."""
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((48, 64, 3), np.uint8))
    done = run("bench", "--source", tmp_path, "--frames", 5)
    assert done.returncode != 0
    assert "two frames at least" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 or "XNNPACK" in done.stderr


def test_a_recordings_own_pace_is_no_part_of_a_frames_cost(demo_clip, monkeypatch):
    """Played in real time, the pauses between frames count as waiting."""
    slept = []
    monkeypatch.setattr(assembly.time, "sleep", slept.append)
    meter = Meter(lambda: sum(slept))
    settings = [f"source.uri={demo_clip}", "source.realtime=true", "detector.model=near"]
    source = build_stages(load(None, settings), meter).open_source()
    with meter.stage("capture"):
        for _ in range(3):
            source.read()
    source.close()
    _, spent = meter.take()
    assert spent["wait"] == pytest.approx(sum(slept))
    assert spent["wait"] > 0
    assert spent["capture"] == 0
