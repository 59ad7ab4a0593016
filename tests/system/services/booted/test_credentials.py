"""The broker's password: plain, encrypted for the machine, or none."""

from __future__ import annotations

import pytest

from tests.system.machine import Machine
from tests.system.services.booted.consumer import PUBLISHER, counts

pytestmark = pytest.mark.slow


def test_a_credential_encrypted_for_the_machine_is_taken(machine: Machine):
    """Instead of the plain one, where systemd offers it."""
    store = "/etc/credstore.encrypted/agender-edge.sealed-mqtt-password"
    plain = "/etc/credstore/agender-edge.mqtt-password"
    machine.ok("mkdir", "-p", "/etc/credstore.encrypted")
    machine.ok(
        "systemd-creds", "encrypt", "--name=sealed-mqtt-password", "--with-key=host", plain, store
    )
    machine.ok("mv", plain, f"{plain}.away")
    try:
        assert "correct horse" not in machine.ok("cat", store)
        machine.ok("systemctl", "restart", PUBLISHER)
        assert counts(machine, 1)
    finally:
        machine.ok("mv", f"{plain}.away", plain)
        machine.ok("rm", store)
        machine.ok("systemctl", "restart", PUBLISHER)


def test_no_credential_is_no_obstacle(machine: Machine):
    """A broker without passwords needs none: the publisher starts all the same."""
    secret = "/etc/credstore/agender-edge.mqtt-password"
    machine.ok("rm", secret)
    try:
        machine.ok("systemctl", "restart", PUBLISHER)
        assert machine.show(PUBLISHER, "ActiveState")["ActiveState"] == "active"
    finally:
        machine.write(secret, "correct horse\n", 0o600)
        machine.ok("systemctl", "restart", PUBLISHER)
