"""`agender-edge demo`: the whole chain, without camera, broker or configuration."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess

import jsonschema
import pytest

from edge.messages import counts_schema
from tests.main_job.program import COMMAND


def demo(clip, tmp_path):
    """Run the demo in a home of its own, with this clip in its cache."""
    cached = tmp_path / "cache" / "agender-edge" / "demo.avi"
    cached.parent.mkdir(parents=True)
    shutil.copy(clip, cached)
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return subprocess.run(
        [*COMMAND, "demo"],
        env=environment,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_the_demo_counts_two_visits_and_says_so(demo_clip, tmp_path, kind, monkeypatch):
    """JSON lines where no terminal is; a summary in words; either broker; exit status 0."""
    there = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if kind == "mosquitto" and not there:
        pytest.skip("mosquitto is not installed")
    if kind == "amqtt":
        if not importlib.util.find_spec("amqtt"):
            pytest.skip("amqtt is not installed: pip install 'agender-edge[demo]'")
        monkeypatch.setenv("AGENDER_DEMO_BROKER", "amqtt")
    done = demo(demo_clip, tmp_path)
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    counts = [m["payload"] for m in messages if m["topic"].endswith("/counts")]
    for number, window in enumerate(counts, 1):
        jsonschema.validate(window, counts_schema())
        assert window["seq"] == number
    assert sum(window["people"] for window in counts) == 2
    availability = [m["payload"] for m in messages if m["topic"].endswith("/availability")]
    assert (availability[0], availability[-1]) == ("online", "stopped")
    assert "2 people" in done.stderr
    assert f"The {kind} broker delivered" in done.stderr
