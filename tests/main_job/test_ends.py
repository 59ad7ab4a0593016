"""What stays at the broker when a device ends: nobody is in view of a camera that is closed."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from edge.errors import UndeliveredError
from edge.outbox.outbox import FILE_NAME, Outbox
from tests.main_job.program import run, start, wait_for
from tests.publish.guarded import guarded_broker, password_file


def retained_state(port: int) -> dict[str, object]:
    """The `state` that a new subscriber is given."""
    command = ["mosquitto_sub", "-p", str(port), "-t", "+/+/+/+/state", "-C", "1", "-W", "5"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found: dict[str, object] = json.loads(said) if said else {}
    return found


@pytest.mark.parametrize("later_s", [0.0, 0.3, 0.6, 0.9])
def test_after_a_clean_end_the_retained_state_has_nobody_in_view(
    clips: Path, mosquitto: int, tmp_path: Path, later_s: float
):
    """However soon after the last change the signal comes."""
    process = start(
        "run", "--source", clips / "face-demographics-walking.gif", "--broker",
        f"127.0.0.1:{mosquitto}", "--state-dir", tmp_path, "--set", f"paths.runtime={tmp_path}",
        "--set", "source.realtime=true", "--set", "source.repeat=100",
    )  # fmt: skip
    try:
        wait_for(lambda: (retained_state(mosquitto).get("present") or 0) > 0, "somebody in view")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(later_s)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    assert retained_state(mosquitto)["present"] == 0


@pytest.mark.parametrize("password", ["correct-horse-battery", "wrong"])
def test_a_recording_whose_counts_nobody_took_has_not_succeeded(
    clips: Path, tmp_path: Path, password: str
):
    """A script learns from the status whether the broker has all windows; what waits is kept."""
    broker = guarded_broker(tmp_path)
    done = run(
        "run", "--source", clips / "face-demographics-walking.gif", "--until-end",
        "--broker", f"127.0.0.1:{broker.port}", "--state-dir", tmp_path, "--window-s", "1",
        "--site", "shop", "--device", "door", "--set", f"paths.runtime={tmp_path}",
        "--set", "mqtt.username=door", "--set", "mqtt.drain_s=1",
        "--set", f"mqtt.password_file={password_file(tmp_path, password)}",
    )  # fmt: skip
    broker.stop()
    with Outbox(tmp_path / FILE_NAME, owner=False) as outbox:
        left = outbox.depth()
    if password == "wrong":
        assert done.returncode == UndeliveredError.status, done.stderr
        assert f"{left} windows wait in {tmp_path / FILE_NAME}" in done.stderr.splitlines()[-1]
        assert "check mqtt.username, the password" in done.stderr
        assert left > 0
    else:
        assert (done.returncode, left) == (0, 0), done.stderr
