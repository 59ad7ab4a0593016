"""What the doctor tells of the sandboxes in force, when root calls it."""

from __future__ import annotations

import json

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.booted.consumer import VISION, pid

pytestmark = pytest.mark.slow


def doctor(machine: Machine) -> dict[str, list[dict[str, str]]]:
    """What the doctor finds when root calls it beside the running services."""
    program = "/opt/agender-edge/current/bin/agender-edge"
    done = machine.run(program, "doctor", "--json", "--config", "/etc/agender-edge/config.toml")
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["subject"], []).append(finding)
    return found


def test_the_doctor_sees_the_sandbox_in_force(machine: Machine):
    """By the kernel's books on both processes; the outbox and the broker are the services'."""
    found = doctor(machine)
    vision, publisher = found["sandbox"]
    assert (vision["state"], publisher["state"]) == ("good", "good"), found
    assert f"(process {pid(machine, VISION)}): no network" in vision["text"]
    assert "no camera" in publisher["text"]
    assert "windows wait" in found["outbox"][0]["text"]
    assert found["broker"][0]["state"] == "good"


def test_the_doctor_sees_a_sandbox_that_is_not_in_force(machine: Machine):
    """A drop-in opened the network, and the source is no network camera: that is bad."""
    drop_in = installed.REPOSITORY / "systemd" / "drop-ins" / "network-camera.conf"
    file = f"/run/systemd/system/{VISION}.d/network-camera.conf"
    machine.write(file, drop_in.read_text() + "\nNoNewPrivileges=no\n")
    machine.ok("systemctl", "daemon-reload")
    try:
        machine.ok("systemctl", "restart", VISION)
        vision = doctor(machine)["sandbox"][0]
        assert (vision["state"], "can reach the network" in vision["text"]) == ("bad", True)
        assert "systemctl revert" in vision["advice"]
    finally:
        machine.ok("rm", file)
        machine.ok("systemctl", "daemon-reload")
        machine.ok("systemctl", "restart", VISION)
