"""What a consumer hears of the services of the machine, and what systemd tells of them."""

from __future__ import annotations

import json

from tests.system.machine import Machine
from tests.system.services import installed

VISION, PUBLISHER = installed.UNITS
LOGIN = ("-h", "127.0.0.1", "-u", "machine", "-P", "correct horse")
COUNTS = "agender/v2/test/machine/counts"


def counts(machine: Machine, number: int, timeout_s: int = 40) -> list[dict[str, object]]:
    """The next messages of the device, as a consumer gets them."""
    text = machine.ok(
        "mosquitto_sub", *LOGIN, "-t", COUNTS, "-C", str(number), "-W", str(timeout_s),
        timeout_s=timeout_s + 10,
    )  # fmt: skip
    return [json.loads(line) for line in text.splitlines()]


def pid(machine: Machine, unit: str) -> str:
    return machine.show(unit, "MainPID")["MainPID"]
