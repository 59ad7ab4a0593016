"""What counts a recording when the terminal, on which it shows how far it is, goes away."""

from __future__ import annotations

import os
from pathlib import Path

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.main_job.program import start


def test_the_last_window_is_told_though_the_terminal_is_gone(clips: Path, tmp_path: Path):
    """A dropped connection of ssh, say: the bar has nobody to be drawn for, the counts have."""
    ours, theirs = os.openpty()
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = start(
        "vision", "--source", clips / "face-demographics-walking.gif", "--state-dir", tmp_path,
        "--set", f"paths.runtime={tmp_path}", "--window-s", "3600", "--set", "privacy.k=5",
        "--set", "source.realtime=true",  # so that the bar is drawn afterwards, too
        stderr=theirs, env=buffered,
    )  # fmt: skip
    os.close(theirs)
    said = ""
    try:
        while " of " not in said:
            said += os.read(ours, 1000).decode()
        os.close(ours)
        process.communicate(timeout=60)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
    with Outbox(tmp_path / FILE_NAME, owner=False) as outbox:
        assert outbox.depth() == 1, said
