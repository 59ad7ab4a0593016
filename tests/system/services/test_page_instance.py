"""The page of one camera of several, on a machine that really booted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.test_page_booted import PEOPLE, VISIT

pytestmark = pytest.mark.slow

UNITS = Path(installed.REPOSITORY / "systemd")
TARGET, VISION, PAGE = (
    "agender-edge@till.target", "agender-vision@till.service", "agender-page@till.service",
)  # fmt: skip
FILE = "/etc/agender-edge/till.toml"
PASSWORD = "another staple"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with one camera of several, whose page is reached from other machines."""
    folder = tmp_path_factory.mktemp("machine")
    with Machine(installed.root(), installed.binds(), folder / "console") as booted:
        installed.install(booted)
        for unit in UNITS.glob("agender-*@*"):
            booted.write(f"/etc/systemd/system/{unit.name}", unit.read_text())
        text = installed.CONFIG.replace('name = "machine"', 'name = "till"')
        booted.write(FILE, f'{text}\n[page]\nenabled = true\naddress = "0.0.0.0"\n')
        stored = "/etc/credstore/agender-edge@till"
        booted.write(f"{stored}.mqtt-password", "correct horse\n", 0o600)
        booted.write(f"{stored}.page-password", f"{PASSWORD}\n", 0o600)
        booted.ok("systemctl", "daemon-reload")
        booted.ok("systemctl", "start", TARGET)
        yield booted


def shown(machine: Machine, until: str) -> str:
    """Its overview, once this is in it."""
    return machine.ok("python3", "-c", VISIT, PASSWORD, until, timeout_s=90)


def test_it_shows_its_own_camera(machine: Machine) -> None:
    """With its own password, folders and device, as soon as the target is started."""
    assert "test/till" in shown(machine, PEOPLE)
    shown(machine, r"<dd>\d+</dd>")


def test_its_sockets_lie_where_vision_does_not_see_them(machine: Machine) -> None:
    """As those of the only camera."""
    pid = machine.show(VISION, "MainPID")["MainPID"]
    assert machine.run("ls", f"/proc/{pid}/root/run/agender-edge@till/page").stdout == ""
    pid = machine.show(PAGE, "MainPID")["MainPID"]
    assert machine.ok("ls", f"/proc/{pid}/root/run/agender-edge@till") == "page\n"


def test_what_a_service_lays_in_the_place_of_its_folder_is_followed_by_nobody(
    machine: Machine,
) -> None:
    """The folder is made with the rights of vision's user, not with root's."""
    machine.ok("systemctl", "stop", TARGET, "agender-edge-folders@till.service")
    machine.ok("sh", "-c", "mkdir -m 700 /run/victim; rm -r /run/agender-edge@till/page; "
               "ln -s /run/victim /run/agender-edge@till/page")  # fmt: skip
    machine.run("systemctl", "start", "agender-edge-folders@till.service")
    assert machine.ok("stat", "-c", "%a %U", "/run/victim") == "700 root\n"
    machine.ok("rm", "/run/agender-edge@till/page")
    machine.ok("systemctl", "start", TARGET)
    shown(machine, PEOPLE)


def test_switched_off_it_is_skipped(machine: Machine) -> None:
    """The target starts all the same, and nothing has failed."""
    machine.ok("sed", "-i", "/^.page/,/^address/s/true/false/", FILE)
    machine.ok("systemctl", "restart", PAGE)
    assert machine.show(PAGE, "ActiveState") == {"ActiveState": "inactive"}
    assert machine.run("systemctl", "is-failed", PAGE).returncode != 0


def test_the_check_names_its_own_store(machine: Machine) -> None:
    """Where there is no password."""
    machine.ok("sed", "-i", "/^.page/,/^address/s/false/true/", FILE)
    machine.ok("rm", "/etc/credstore/agender-edge@till.page-password")
    done = machine.run("/opt/agender-edge/current/bin/agender-edge", "config", "check",
                       "--config", FILE)  # fmt: skip
    assert done.returncode == 2
    assert "/etc/credstore/agender-edge@till.page-password" in done.stderr
