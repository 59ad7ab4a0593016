"""Recovery steps that end the process are counted all the same."""

from __future__ import annotations

from pathlib import Path

from edge.outbox.outbox import FILE_NAME, Outbox
from edge.outbox.starts import Starts, count_camera_lost, count_start


def test_starts_of_vision_and_machine_and_lost_cameras_are_told_apart(tmp_path: Path):
    """Each start is one more; the machine's only with another boot id; over all restarts."""
    machine = tmp_path / "boot_id"
    counted = []
    for boot in ("a0f3-1", "a0f3-1", "b7c2-9"):
        machine.write_text(f"{boot}\n")
        with Outbox(tmp_path / FILE_NAME) as outbox:
            counted.append(count_start(outbox, machine))
            count_camera_lost(outbox)
    assert counted == [Starts(1, 1, 0), Starts(2, 1, 1), Starts(3, 2, 2)]


def test_a_machine_that_tells_no_boot_is_one(tmp_path: Path):
    """And a disk that keeps nothing is no obstacle to a start."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        assert count_start(outbox, tmp_path / "none").machine == 0
    with Outbox(Path("/proc/self/fdinfo") / FILE_NAME) as nowhere:
        assert count_start(nowhere).vision == 1
