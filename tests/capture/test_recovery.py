"""A camera that is lost and comes back, through the whole program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.capture.footage import squares, write_clip
from tests.capture.rtsp_server import serving
from tests.main_job.program import start, wait_for

SETTINGS = ("source.stall_s=1", "source.give_up_s=2", "window.length_s=1", "detector.model=near")


def started(port: int, folder: Path) -> subprocess.Popen[str]:
    chosen = (f"source.uri=rtsp://127.0.0.1:{port}/live", f"paths.state={folder}/state",
              f"paths.runtime={folder}/run", *SETTINGS)  # fmt: skip
    settings = [part for setting in chosen for part in ("--set", setting)]
    with (folder / "log").open("w") as log:
        return start("run", "--sink", "stdout", *settings, stderr=log)


@pytest.mark.slow
def test_counts_go_on_after_the_camera_was_away_for_longer_than_vision_waits(tmp_path: Path):
    """Vision gives up, is started again without a camera, and finds it when it is back."""
    stream = write_clip(tmp_path / "clip.ts", frames=60, drawn=squares)
    with serving(stream) as server:
        program = started(server.port, tmp_path)
        try:
            first = json.loads(program.stdout.readline())
        except BaseException:
            program.kill()
            raise
    try:
        log = tmp_path / "log"
        wait_for(lambda: "vision ended with status 3" in log.read_text(), "a start without camera")
        with serving(stream, port=server.port):
            while True:
                line = json.loads(program.stdout.readline())
                if line["boot"] != first["boot"] and line["observed_s"] > 0:
                    break
        assert line["seq"] > first["seq"]
        assert "vision ended with status 5" in log.read_text()
    finally:
        program.terminate()
        assert program.wait(30) == 0
        program.stdout.close()


@pytest.mark.slow
def test_a_camera_that_was_never_there_ends_the_program(tmp_path: Path):
    """Nobody answers at the first attempt: one sentence, status 3."""
    with serving(write_clip(tmp_path / "clip.ts", frames=5)) as server:
        port = server.port
    program = started(port, tmp_path)
    assert program.wait(60) == 3
    program.stdout.close()
    assert f"rtsp://127.0.0.1:{port} refuses" in (tmp_path / "log").read_text()
