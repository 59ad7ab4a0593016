"""Windows reach the broker, and both services say how they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.main_job.program import wait_for
from tests.system.machine import Machine
from tests.system.services.booted.consumer import PUBLISHER, VISION, counts, pid

pytestmark = pytest.mark.slow


def test_counts_arrive_at_the_broker(machine: Machine):
    """Frames of a real clip become gapless windows, delivered with the password from credstore."""
    received = counts(machine, 4)
    numbers = [message["seq"] for message in received]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert received[-1]["observed_s"] > 1.5, "the first windows may be those of the start"


def test_both_say_how_they_are(machine: Machine):
    """systemctl status shows a line for people."""
    vision = machine.show(VISION, "ActiveState", "StatusText")
    assert vision["ActiveState"] == "active"
    assert "frames processed" in vision["StatusText"]
    wait_for(
        lambda: "connected to 127" in machine.show(PUBLISHER, "StatusText")["StatusText"],
        "the connection",
    )


def test_memory_stays_within_the_limits(machine: Machine):
    """Neither service comes near the limit that would end it."""
    for unit, limit_mb in ((VISION, 320), (PUBLISHER, 80)):
        file = Path(f"proc/{pid(machine, unit)}/status")
        lines = (machine.root / file).read_text().splitlines()
        (resident,) = (line for line in lines if line.startswith("VmRSS"))
        assert int(resident.split()[1]) / 1024 < limit_mb
