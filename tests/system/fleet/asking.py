"""What is asked of the two machines, in a test's words."""

from __future__ import annotations

import json
from urllib.parse import quote

from tests.system.fleet.lab import Lab
from tests.system.machine import Machine

VISION, PUBLISHER = "agender-vision.service", "agender-publisher.service"
COUNTS = "agender/v2/shop/door/counts"
OF_YARD = "agender/v2/shop/door-yard/counts"
"""The device's second camera."""
HUB = ("--cafile", "/etc/agender-hub/ca.pem", "-h", "hub.local", "-p", "8883")


def counts(
    lab: Lab, number: int, timeout_s: int = 60, topic: str = COUNTS
) -> list[dict[str, object]]:
    """The device's next windows, heard at the hub as the user who may look on."""
    text = lab.hub.ok(
        "mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"), "-t", topic,
        "-C", str(number), "-W", str(timeout_s), timeout_s=timeout_s + 10,
    )  # fmt: skip
    return [json.loads(line) for line in text.splitlines()]


def state(machine: Machine, unit: str) -> str:
    """Whether a unit runs, as systemctl says it."""
    return machine.show(unit, "ActiveState")["ActiveState"]


def restarts(machine: Machine, unit: str = VISION) -> int:
    return int(machine.show(unit, "NRestarts")["NRestarts"])


def release(lab: Lab) -> str:
    """The release in use on the device."""
    return (lab.door.root / "opt/agender-edge/current").readlink().name


def inside(lab: Lab, unit: str, code: str) -> dict[str, object]:
    """What a program prints in the sandbox that the playbook gave a unit."""
    probe = unit.replace("agender-", "probe-")
    text = (lab.door.root / "etc/systemd/system" / unit).read_text()
    lab.door.write(f"/run/systemd/system/{probe}", text)
    lab.door.write(f"/opt/probe/{probe}.py", code)  # /run is hidden in there
    lab.door.ok("mkdir", "-p", "/run/probe")
    lab.door.write(
        f"/run/systemd/system/{probe}.d/probe.conf",
        "[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\n"
        f"ExecStart=/opt/agender-edge/current/bin/python -B /opt/probe/{probe}.py\n"
        f"StandardOutput=truncate:/run/probe/{probe}.out\n",
    )
    lab.door.ok("systemctl", "daemon-reload")
    lab.door.ok("systemctl", "start", probe)
    return json.loads((lab.door.root / f"run/probe/{probe}.out").read_text())


def ask(lab: Lab, query: str) -> list[dict[str, object]]:
    """What Prometheus on the hub answers."""
    code = ("import sys, urllib.request as u; "
            "print(u.urlopen('http://127.0.0.1:9090/api/v1/query?query=' + sys.argv[1]).read()"
            ".decode())")  # fmt: skip
    answer = json.loads(lab.hub.ok("python3", "-c", code, quote(query)))
    assert answer["status"] == "success", answer
    return answer["data"]["result"]
