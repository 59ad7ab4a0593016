"""Ends of the services: killed, hung, stopped, wrongly configured, and a device that reboots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.main_job.program import wait_for
from tests.system.machine import Machine, reading
from tests.system.services import installed
from tests.system.services.booted.consumer import COUNTS, LOGIN, PUBLISHER, VISION, counts

pytestmark = pytest.mark.slow

HANG = '''"""Reading frames hangs while /run/agender-edge/hang exists, as with a bad driver."""
import os, sys, time
if "vision" in sys.orig_argv:
    from edge.runtime.capture.recorded import Recorded
    def hanging(self, read=Recorded.read):
        while os.path.exists("/run/agender-edge/hang"):
            time.sleep(0.05)
        return read(self)
    Recorded.read = hanging
'''


def test_a_killed_vision_comes_back_and_its_numbers_go_on(machine: Machine):
    """kill -9: systemd starts it again, and the consumer finds neither gap nor double."""
    before = machine.show(VISION, "NRestarts")["NRestarts"]
    subscriber = machine.start("mosquitto_sub", *LOGIN, "-t", COUNTS, "-W", "60")
    with reading(subscriber):
        first = json.loads(subscriber.stdout.readline())["seq"]
        machine.ok("systemctl", "kill", "--signal=KILL", VISION, PUBLISHER)
        numbers = [json.loads(subscriber.stdout.readline())["seq"] for _ in range(4)]
    assert sorted(set(numbers)) == list(range(first + 1, first + 1 + len(set(numbers))))
    assert int(machine.show(VISION, "NRestarts")["NRestarts"]) == int(before) + 1


@pytest.fixture
def hang(machine: Machine) -> Iterator[Path]:
    """Vision's source hangs while this file is there, and its watchdog waits for 4 s."""
    program = "/opt/agender-edge/current/bin/agender-edge"
    quick = f"/run/systemd/system/{VISION}.d/quick.conf"
    machine.write(quick, "[Service]\nWatchdogSec=4s\nRestartSec=1s\n")
    machine.write("/opt/agender-edge/hang/sitecustomize.py", HANG)
    hanging = installed.PROGRAM.replace("PYTHONPATH=", "PYTHONPATH=/opt/agender-edge/hang:")
    machine.write(program, hanging, 0o755)
    machine.ok("systemctl", "daemon-reload")
    machine.ok("systemctl", "restart", VISION)
    file = machine.root / "run/agender-edge/hang"
    yield file
    file.unlink(missing_ok=True)
    machine.write(program, installed.PROGRAM, 0o755)
    machine.ok("rm", quick)
    machine.ok("systemctl", "daemon-reload")
    machine.ok("systemctl", "restart", VISION)


def test_a_hung_source_is_ended_by_the_watchdog(machine: Machine, hang: Path):
    """The process lives, but no frame comes: it is killed and started again, and counts go on."""
    before = int(machine.show(VISION, "NRestarts")["NRestarts"])
    hang.touch()
    wait_for(
        lambda: int(machine.show(VISION, "NRestarts")["NRestarts"]) > before,
        "a restart by the watchdog",
    )
    assert "Watchdog timeout" in machine.journal(VISION)
    hang.unlink()
    assert counts(machine, 2)


def test_stopping_is_clean_and_quick(machine: Machine):
    """SIGTERM: the last window is stored, `availability` says stopped, nothing is killed."""
    machine.ok("systemctl", "restart", VISION, PUBLISHER)
    counts(machine, 1)
    machine.ok("systemctl", "stop", VISION)
    machine.ok("systemctl", "stop", PUBLISHER)
    for unit in (VISION, PUBLISHER):
        shown = machine.show(unit, "Result", "ExecMainStatus")
        assert shown == {"Result": "success", "ExecMainStatus": "0"}, machine.journal(unit)
    topic = COUNTS.replace("counts", "availability")
    said = machine.ok("mosquitto_sub", *LOGIN, "-t", topic, "-C", "1", "-W", "5")
    assert said.strip() == "stopped"
    machine.ok("systemctl", "start", VISION, PUBLISHER)


def test_a_wrong_configuration_is_not_tried_again(machine: Machine):
    """Status 2 ends the service with the sentence in the journal, instead of for ever anew."""
    machine.write(f"/run/systemd/system/{VISION}.d/wrong.conf",
                  "[Service]\nExecStart=\nExecStart=/opt/agender-edge/current/bin/agender-edge "
                  "vision --set source.fsp=5\n")  # fmt: skip
    machine.ok("systemctl", "daemon-reload")
    try:
        machine.run("systemctl", "restart", VISION)
        shown = machine.show(VISION, "ActiveState", "ExecMainStatus")
        assert shown == {"ActiveState": "failed", "ExecMainStatus": "2"}
        assert "source.fsp: there is no such key; did you mean fps?" in machine.journal(VISION)
    finally:
        (machine.root / f"run/systemd/system/{VISION}.d/wrong.conf").unlink()
        machine.ok("systemctl", "daemon-reload")
        machine.ok("systemctl", "restart", VISION)


def test_a_device_reboots_only_if_asked(tmp_path: Path):
    """With the drop-in, a camera that cannot be had ends in a reboot; without, in more attempts."""
    broken = (
        "[Service]\nRestartSec=100ms\nExecStart=\n"
        "ExecStart=/opt/agender-edge/current/bin/agender-edge vision --set source.uri=usb:0\n"
    )
    with Machine(installed.root(), installed.binds(), tmp_path / "console") as machine:
        installed.install(machine)
        folder = f"/etc/systemd/system/{VISION}.d"
        machine.write(f"{folder}/broken.conf", broken)
        machine.ok("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "--no-block", VISION)
        wait_for(
            lambda: int(machine.show(VISION, "NRestarts")["NRestarts"]) >= 6, "six attempts", 90
        )
        assert not machine.rebooted()
        drop_in = installed.REPOSITORY / "systemd" / "drop-ins" / "reboot-when-stuck.conf"
        text = drop_in.read_text().replace("StartLimitBurst=20", "StartLimitBurst=8")
        machine.write(f"{folder}/reboot.conf", text)
        machine.ok("systemctl", "daemon-reload")
        wait_for(machine.rebooted, "a reboot", 90)
