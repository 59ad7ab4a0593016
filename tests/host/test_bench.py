"""The benchmark's figures are of this run, add up, and come as a table or as JSON."""

from __future__ import annotations

import json

import pytest

from edge.runtime.meter import STAGES
from tests.main_job.program import run


def test_stages_add_up_and_the_networks_dominate(demo_clip):
    """Every stage is there; the share outside the networks follows from them."""
    done = run("bench", "--source", demo_clip, "--frames", 60, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
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
    for word in (*STAGES, "total", "resident memory", "start → first frame"):
        assert word in done.stdout
