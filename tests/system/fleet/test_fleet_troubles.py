"""What goes wrong in a fleet's life, after test_fleet.py has installed it; and its end."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.main_job.program import wait_for
from tests.system.fleet import lab as labs
from tests.system.fleet.asking import (
    COUNTS,
    HUB,
    OF_YARD,
    PUBLISHER,
    VISION,
    counts,
    release,
    restarts,
    state,
)
from tests.system.fleet.lab import YARD, Lab
from tests.system.machine import reading

pytestmark = pytest.mark.slow


def test_a_killed_device_comes_back_and_its_numbers_go_on(lab: Lab):
    """kill -9 of both services: started again by systemd, neither gap nor double at the hub."""
    before = restarts(lab.door)
    listen = ("mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"),
              "-t", COUNTS, "-W", "90")  # fmt: skip
    with reading(lab.hub.start(*listen)) as subscriber:
        first = json.loads(subscriber.stdout.readline())["seq"]
        lab.door.ok("systemctl", "kill", "--signal=KILL", VISION, PUBLISHER)
        numbers = [json.loads(subscriber.stdout.readline())["seq"] for _ in range(4)]
    assert sorted(set(numbers)) == list(range(first + 1, first + 1 + len(set(numbers))))
    wait_for(lambda: restarts(lab.door) == before + 1, "a restart")


def test_a_hung_source_is_ended_by_the_watchdog(lab: Lab):
    """The process lives but gets on with nothing: killed, started again, and counting."""
    lab.door.write(f"/run/systemd/system/{VISION}.d/quick.conf",
                   "[Service]\nWatchdogSec=4s\nRestartSec=1s\n")  # fmt: skip
    lab.door.ok("systemctl", "daemon-reload")
    lab.door.ok("systemctl", "restart", VISION)
    before = restarts(lab.door)
    lab.door.ok("systemctl", "kill", "--signal=STOP", VISION)
    wait_for(lambda: restarts(lab.door) > before, "a restart by the watchdog", 60)
    assert "Watchdog timeout" in lab.door.journal(VISION)
    assert counts(lab, 2)
    (lab.door.root / f"run/systemd/system/{VISION}.d/quick.conf").unlink()
    lab.door.ok("systemctl", "daemon-reload")


def test_a_wrong_configuration_is_never_put_in_place(lab: Lab):
    """The run ends with the configuration's own sentence; the device counts on, undisturbed."""
    file = lab.door.root / "etc/agender-edge/config.toml"
    before, process = file.read_text(), lab.door.show(VISION, "MainPID")
    played = lab.play("upgrade.yml", "--limit", "door",
                      agender_edge_config={"source": {"fsp": 5}})  # fmt: skip
    assert played.status != 0
    assert "source.fsp: there is no such key; did you mean fps?" in played.text
    assert file.read_text() == before
    assert lab.door.show(VISION, "MainPID") == process


def heard(lab: Lab) -> list[int]:
    """The numbers of the windows that the hub's listener has written down, all lines whole."""
    lines = (lab.hub.root / "root/heard").read_text().split("\n")[:-1]
    return [json.loads(line)["seq"] for line in lines]


BROKEN = """

def vision(*_arguments: object) -> int:
    raise RuntimeError("this release is broken")
"""


def test_a_broken_release_is_taken_back(lab: Lab, tmp_path: Path):
    """It installs, and starts, and counts nothing: back to the old one, with no number missing.

    With both cameras, while one that comes with it is not kept.
    """
    broken = tmp_path / "broken"
    shutil.copytree(lab.checkout, broken, ignore=shutil.ignore_patterns("artefacts"))
    file = broken / "edge/vision/process.py"
    file.write_text(file.read_text() + BROKEN)
    before = release(lab)
    listen = ("mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"), "-t", COUNTS)
    # Into a file: nobody reads while the playbook runs, and a pipe would fill.
    lab.hub.write("/root/heard", "")
    with reading(lab.hub.start("sh", "-c", f"exec {shlex.join(listen)} > /root/heard")):
        wait_for(lambda: heard(lab), "the first window")
        garden = YARD | {"name": "garden", "source": "/srv/clips/face-demographics-walking.gif",
                         "config": YARD["config"] | {"page": {}}}  # fmt: skip
        played = lab.play("upgrade.yml", "--limit", "door", agender_edge_checkout=str(broken),
                          agender_edge_cameras=[YARD, garden])  # fmt: skip
        after = counts(lab, 1)[0]["seq"]
        wait_for(lambda: heard(lab)[-1] >= after, "the same window")
    numbers = heard(lab)
    assert played.status != 0
    assert "The device is back at what worked before, and counts." in played.text, played.text
    assert release(lab) == before
    expected = list(range(numbers[0], numbers[-1] + 1))
    assert sorted(set(numbers)) == expected, "a repeat is allowed, a gap is not"
    assert counts(lab, 1, topic=OF_YARD)
    assert state(lab.door, "agender-page@yard.service") == "active"
    assert state(lab.door, "agender-vision@garden.service") == "inactive"
    assert not (lab.door.root / "etc/agender-edge/garden.toml").exists()


def test_the_run_after_a_roll_back_changes_nothing_but_says_so(lab: Lab):
    """The device is what the inventory asks for again: nothing is restarted."""
    process = lab.door.show(VISION, "MainPID")
    played = lab.play("upgrade.yml", "--limit", "door")
    assert played.status == 0, played.text
    assert lab.door.show(VISION, "MainPID") == process


def test_a_device_needs_nobody_after_its_installation(lab: Lab):
    """Switched off and on without any network it counts; later the hub gets every window."""
    last = counts(lab, 1)[0]["seq"]
    with lab.without_network():
        lab.reboot_device()
        depth = ("python3", "-c", "import sqlite3; print(sqlite3.connect('file:/var/lib/"
                 "agender-edge/outbox.sqlite?mode=ro', uri=True).execute("
                 "'SELECT count(*) FROM windows').fetchone()[0])")  # fmt: skip
        wait_for(lambda: int(lab.door.ok(*depth)) >= 3, "windows that wait", 90)
    received = counts(lab, 3, 90)
    numbers = [message["seq"] for message in received]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert numbers[0] <= last + 8, "the first of them were counted without a network"


LEFT = (
    "opt/agender-edge",
    "etc/agender-edge",
    "var/lib/agender-edge",
    f"etc/systemd/system/{VISION}",
    "etc/credstore/agender-edge.mqtt-password",
    "etc/credstore.encrypted/agender-edge.sealed-mqtt-password",
    "etc/systemd/system/agender-vision@.service",
    "var/lib/agender-edge@yard",
)


HUBS_OWN = ("agender/v2/shop/hub/", "homeassistant/device/agender_shop_hub/")
"""The hub is a device as well, once test_fleet_cluster.py has made it one."""


def retained(lab: Lab) -> str:
    """All that the hub's broker retains of other devices and their entities."""
    heard = lab.hub.run("mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"),
                        "-t", "agender/v2/#", "-t", "homeassistant/#", "-v",
                        "--retained-only", "-W", "3")  # fmt: skip
    lines = heard.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(HUBS_OWN))


OF_A_CAMERA = (
    "etc/agender-edge/yard.toml",
    "etc/systemd/system/agender-vision@yard.service.d",
    "etc/systemd/system/multi-user.target.wants/agender-edge@yard.target",
    "etc/credstore.encrypted/agender-edge@yard.sealed-mqtt-password",
    "run/agender-edge@yard",
)


def there(lab: Lab, path: str) -> bool:
    """Whether the device has it; of a link its target does not matter."""
    return os.path.lexists(lab.door.root / path)


def test_a_camera_that_is_no_longer_named_is_taken_away(lab: Lab):
    """Stopped, its files gone, nothing of it retained; its windows wait, the first counts on."""
    assert all(there(lab, path) for path in OF_A_CAMERA)
    assert "agender/v2/shop/door-yard/info" in retained(lab)
    played = lab.play("site.yml", agender_edge_cameras=[])
    assert played.status == 0, played.text
    assert not [path for path in OF_A_CAMERA if there(lab, path)]
    assert state(lab.door, "agender-vision@yard.service") == "inactive"
    assert (lab.door.root / "var/lib/agender-edge@yard/outbox.sqlite").exists()
    left = retained(lab)
    assert "door-yard" not in left and "door__yard" not in left, played.text
    assert "agender_shop_door-yard" not in left
    assert counts(lab, 1)


def test_a_renamed_device_leaves_no_ghost(lab: Lab):
    """What it retained under the old name is gone, entities too; under the new one it counts.

    So do those of its second camera, which is named again and goes on with its old numbers.
    """
    assert "agender/v2/shop/door/info" in retained(lab)
    played = lab.play("site.yml", agender_edge_site="mall")
    assert played.status == 0, played.text
    left = retained(lab)
    for name in ("door", "door-yard"):
        assert f"agender/v2/mall/{name}/availability online" in left
    assert "agender/v2/shop" not in left, played.text
    assert "homeassistant/device/agender_shop_door" not in left


def test_uninstalling_leaves_nothing(lab: Lab):
    """No unit, no file, no user, and nothing retained at the broker."""
    played = lab.play("uninstall.yml", "--limit", "door", agender_edge_uninstall_data=True)
    assert played.status == 0, played.text
    for path in (*LEFT, *OF_A_CAMERA):
        assert not there(lab, path), path
    assert lab.door.run("getent", "passwd", "agender-vision").returncode == 2
    assert retained(lab) == ""
    again = lab.play("uninstall.yml", "--limit", "door")
    assert again.status == 0, again.text
    assert again.recap("door")["changed"] == 0


def test_only_named_devices_are_uninstalled(lab: Lab):
    """Without --limit it takes nothing away, and says how to name devices."""
    done = subprocess.run(
        [labs.ansible_folder() / "ansible-playbook", "-i", lab.inventory, "uninstall.yml"],
        cwd=lab.checkout / "ansible", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Name the devices: --limit door" in done.stdout
