"""The user's own unit on a machine that booted: nobody is root, and nobody is logged in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from edge.outbox.outbox import FILE_NAME
from tests.main_job.program import wait_for
from tests.system.machine import Machine
from tests.system.services import installed

pytestmark = pytest.mark.slow

UNIT = "agender-edge.service"
HOME = "/home/ann"
BROKER = "listener 1883 127.0.0.1\nallow_anonymous true\n"
CONFIG = installed.CONFIG.replace('username = "machine"\n', "")


class User(NamedTuple):
    """Ann, whose service manager runs by lingering."""

    machine: Machine
    number: str

    def run(self, *command: str) -> str:
        """A command of hers that succeeds; what it printed."""
        runtime = f"XDG_RUNTIME_DIR=/run/user/{self.number}"
        return self.machine.ok(
            "runuser", "-u", "ann", "--", "env", f"HOME={HOME}", runtime, *command
        )

    def show(self, name: str) -> str:
        return self.run(
            "systemctl", "--user", "show", "--value", f"--property={name}", UNIT
        ).strip()

    def log(self) -> str:
        return self.machine.ok("journalctl", "--no-pager", f"_UID={self.number}")

    def counts(self, number: int) -> list[dict[str, object]]:
        """The next windows that arrive at the broker."""
        text = self.machine.ok(
            "mosquitto_sub", "-h", "127.0.0.1", "-R", "-C", str(number), "-W", "60",
            "-t", "agender/v2/test/machine/counts", timeout_s=70,
        )  # fmt: skip
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def ann(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Lingering, with the unit enabled and started, as the documentation says."""
    folder = tmp_path_factory.mktemp("machine")
    with Machine(installed.root(), installed.binds(), folder / "console") as machine:
        machine.write("/etc/mosquitto/conf.d/test.conf", BROKER)
        machine.ok("systemctl", "restart", "mosquitto")
        machine.write("/usr/local/bin/agender-edge", installed.PROGRAM, 0o755)
        unit = (installed.REPOSITORY / "systemd/user" / UNIT).read_text()
        machine.write(f"/usr/lib/systemd/user/{UNIT}", unit)
        machine.ok("useradd", "--create-home", "--home-dir", HOME, "ann")
        machine.write(f"{HOME}/.config/agender-edge/config.toml", CONFIG)
        machine.ok("chown", "-R", "ann:", HOME)
        machine.ok("loginctl", "enable-linger", "ann")
        user = User(machine, machine.ok("id", "-u", "ann").strip())
        manager = f"user@{user.number}.service"
        active = {"ActiveState": "active"}
        wait_for(lambda: machine.show(manager, "ActiveState") == active, "her service manager")
        user.run("systemctl", "--user", "enable", "--now", UNIT)
        yield user


def test_a_user_counts_without_root(ann: User):
    """Windows without a gap; outbox and sockets are hers alone, below her own folders."""
    received = ann.counts(3)
    numbers = [window["seq"] for window in received]
    assert numbers == list(range(numbers[0], numbers[0] + 3)), ann.log()
    state, runtime = f"{HOME}/.local/state/agender-edge", f"/run/user/{ann.number}/agender-edge"
    owners = ann.machine.ok("stat", "-c", "%U %a", f"{state}/{FILE_NAME}", runtime).splitlines()
    assert owners == ["ann 600", "ann 700"]
    assert not ann.machine.run("find", "/var/lib/agender-edge").stdout
    assert "people" in ann.run("agender-edge", "report", "--json")


def test_it_may_no_more_than_its_user_and_less(ann: User):
    """No rights to gain, system calls filtered, no core dumps, no swap."""
    group = f"/sys/fs/cgroup{ann.show('ControlGroup')}/cgroup.procs"
    processes = ann.machine.ok("cat", group).split()
    assert len(processes) == 3, "run, vision, publisher"
    for process in processes:
        status = (ann.machine.root / f"proc/{process}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        limits = (ann.machine.root / f"proc/{process}/limits").read_text()
        assert next(line for line in limits.splitlines() if "core file" in line).split()[4] == "0"
    assert ann.show("MemorySwapMax") == "0"


def test_who_stops_it_loses_no_window(ann: User):
    """Vision counts its last window, the publisher delivers it, and the numbers go on."""
    (before,) = ann.counts(1)
    ann.run("systemctl", "--user", "stop", UNIT)
    assert ann.show("Result") == "success"
    waiting = (
        f"import sqlite3; print(sqlite3.connect('{HOME}/.local/state/agender-edge/{FILE_NAME}')"
    )
    waiting += ".execute('SELECT count(*) FROM windows').fetchone()[0])"
    assert ann.run("python3", "-c", waiting) == "0\n"
    assert ann.run("ls", f"/run/user/{ann.number}").count("agender-edge") == 0
    ann.run("systemctl", "--user", "start", UNIT)
    (after,) = ann.counts(1)
    assert after["numbering"] == before["numbering"]
    assert after["seq"] > before["seq"]


def test_it_comes_back_with_the_machine_and_nobody_logs_in(ann: User):
    """Her manager is started anew, as at a boot: the unit is enabled."""
    ann.machine.ok("systemctl", "restart", f"user@{ann.number}.service", timeout_s=90)
    assert ann.counts(1), ann.log()
    assert ann.show("ActiveState") == "active"


def test_a_killed_one_is_started_again(ann: User):
    """With all that belongs to it, and with no two at the outbox."""
    process = ann.show("MainPID")
    ann.machine.ok("sh", "-c", f"kill -KILL {process}")
    wait_for(lambda: ann.show("MainPID") not in ("0", process), "another process", 40)
    assert ann.counts(2), ann.log()
    assert ann.show("NRestarts") == "1"


def test_a_wrong_configuration_is_said_and_not_tried_again(ann: User):
    """The sentence is in her journal."""
    file = f"{HOME}/.config/agender-edge/config.toml"
    ann.machine.write(file, CONFIG + "\n[privacy]\nk = 0\n")
    ann.machine.run("runuser", "-u", "ann", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{ann.number}",
                    "systemctl", "--user", "restart", UNIT, timeout_s=90)  # fmt: skip
    wait_for(lambda: ann.show("ActiveState") == "failed", "the end")
    assert ann.show("ExecMainStatus") == "2"
    assert "privacy.k" in ann.log()
    ann.machine.write(file, CONFIG)
