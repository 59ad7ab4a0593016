"""From two fresh machines to counts at the hub, by the playbooks; then everything goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.main_job.program import wait_for
from tests.system.fleet import lab as labs
from tests.system.fleet.lab import Lab
from tests.system.machine import Machine, reading

pytestmark = pytest.mark.slow

SUITE = os.environ.get("AGENDER_TEST_FLEET_SUITE", "bookworm")
VISION, PUBLISHER = "agender-vision.service", "agender-publisher.service"
COUNTS = "agender/v1/shop/door/counts"
HUB = ("--cafile", "/etc/agender-hub/ca.pem", "-h", "hub.local", "-p", "8883")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two fresh machines; what a test does to them stays, so that the order is that of a life."""
    folder = tmp_path_factory.mktemp("fleet")
    with labs.lab(folder, SUITE) as made:
        yield made


def counts(lab: Lab, number: int, timeout_s: int = 60) -> list[dict[str, object]]:
    """The device's next windows, heard at the hub as the user who may look on."""
    text = lab.hub.ok(
        "mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"), "-t", COUNTS,
        "-C", str(number), "-W", str(timeout_s), timeout_s=timeout_s + 10,
    )  # fmt: skip
    return [json.loads(line) for line in text.splitlines()]


def restarts(machine: Machine, unit: str = VISION) -> int:
    return int(machine.show(unit, "NRestarts")["NRestarts"])


def release(lab: Lab) -> str:
    """The release in use on the device."""
    return (lab.door.root / "opt/agender-edge/current").readlink().name


def test_check_mode_tells_and_changes_nothing(lab: Lab):
    """On new machines --check runs to its end, and no file of theirs is another."""
    folders = ("etc", "opt", "usr", "var/lib/systemd", "lib/systemd")
    stamp = time.time()
    played = lab.play("site.yml", "--check")
    assert played.status == 0, played.text
    for machine in (lab.hub, lab.door):
        made = [
            file for folder in folders for file in (machine.root / folder).rglob("*")
            if not file.is_symlink() and file.stat().st_mtime > stamp
        ]  # fmt: skip
        assert made == []


def test_the_first_run_installs_hub_and_device(lab: Lab):
    """It ends well only if the device counted a window and the hub took it, over TLS."""
    played = lab.play("site.yml")
    assert played.status == 0, played.text
    received = counts(lab, 3)
    numbers = [message["seq"] for message in received]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert received[-1]["observed_s"] > 1


def test_the_second_run_changes_nothing(lab: Lab):
    """The same state again: changed=0 on both, and the device is not disturbed."""
    before = lab.door.show(VISION, "MainPID")
    played = lab.play("site.yml")
    assert played.status == 0, played.text
    assert [played.recap(host)["changed"] for host in ("hub", "door")] == [0, 0], played.text
    assert lab.door.show(VISION, "MainPID") == before


def test_verify_finds_the_fleet_well(lab: Lab):
    """Sandboxes, doctor, certificates, and a window of the device at the hub."""
    played = lab.play(
        "verify.yml", agender_hub_verify_devices=["door"], agender_edge_doctor_ignore=["clock"]
    )
    assert played.status == 0, played.text
    assert "people" in played.text


def test_apt_s_numpy_is_not_hidden(lab: Lab):
    """The environment's numpy is the one that picamera2 would be built with."""
    code = "import numpy, cv2; print(numpy.__file__)"
    found = lab.door.ok("/opt/agender-edge/current/bin/python", "-c", code)
    assert found.startswith("/usr/lib/python3/dist-packages/numpy")


def test_secrets_are_readable_by_root_alone(lab: Lab):
    """Password, kept copies, the broker's files and the controller's folder."""
    listed = lab.door.ok(
        "stat", "-c", "%a %U", "/etc/credstore", "/etc/credstore/agender-edge.mqtt-password",
        "/opt/agender-edge/last-good", "/etc/agender-edge/config.toml",
    )  # fmt: skip
    assert listed.splitlines() == ["700 root", "600 root", "700 root", "640 root"]
    on_hub = lab.hub.ok("stat", "-c", "%a %U %G", "/etc/mosquitto/agender-passwords",
                        "/etc/agender-hub/hub.key", "/etc/agender-hub/mosquitto_sub")  # fmt: skip
    assert on_hub.splitlines() == ["640 root mosquitto"] * 2 + ["600 root root"]
    assert lab.secrets.stat().st_mode & 0o777 == 0o700
    assert lab.password("door") not in (lab.door.root / "etc/agender-edge/config.toml").read_text()


NETWORK = """
import json, os, socket
def attempt(act):
    try:
        return repr(act())
    except OSError:
        return "refused"
hub = ("198.18.77.1", 8883)
print(json.dumps({
    "hub": attempt(lambda: socket.create_connection(hub, 3)),
    "inet": attempt(lambda: socket.socket(socket.AF_INET)),
    "devices": sorted(os.listdir("/dev")),
    "clip": attempt(lambda: open("/srv/clips/again.mkv", "rb").read(1)),
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/self/net/dev")][2:],
}))
"""


def inside(lab: Lab, unit: str, code: str) -> dict[str, object]:
    """What a program prints in the sandbox that the playbook gave a unit."""
    probe = unit.replace("agender-", "probe-")
    text = (lab.door.root / "etc/systemd/system" / unit).read_text()
    lab.door.write(f"/run/systemd/system/{probe}", text)
    lab.door.write(f"/run/probe/{probe}.py", code)
    lab.door.write(
        f"/run/systemd/system/{probe}.d/probe.conf",
        "[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\n"
        f"ExecStart=/opt/agender-edge/current/bin/python -B /run/probe/{probe}.py\n"
        f"StandardOutput=truncate:/run/probe/{probe}.out\n",
    )
    lab.door.ok("systemctl", "daemon-reload")
    lab.door.ok("systemctl", "start", probe)
    return json.loads((lab.door.root / f"run/probe/{probe}.out").read_text())


def test_vision_can_open_a_socket_to_nothing(lab: Lab):
    """As installed: no Internet socket, no interface but its own loopback; frames it may read."""
    found = inside(lab, VISION, NETWORK)
    assert (found["hub"], found["inet"], found["interfaces"]) == ("refused", "refused", ["lo"])


def test_the_publisher_reaches_the_hub_and_no_device(lab: Lab):
    """It has the network, and in /dev nothing that a picture could come from."""
    found = inside(lab, PUBLISHER, NETWORK)
    assert found["hub"] != "refused"
    kinds = ("video", "media", "v4l", "dma_heap", "vchiq", "vcio", "sd", "mmc", "loop", "mem")
    assert not [name for name in found["devices"] if name.startswith(kinds)]


def test_a_device_can_t_write_where_another_does(lab: Lab):
    """With its own password it may neither write nor hear another device's topics."""
    login = (*HUB, "-u", "till", "-P", lab.password("till"), "-V", "5", "-q", "1")
    done = lab.hub.run("mosquitto_pub", *login, "-t", COUNTS, "-m", "{}")
    assert "not authorized" in (done.stdout + done.stderr).lower()
    heard = lab.hub.run("mosquitto_sub", *login, "-t", COUNTS, "-C", "1", "-W", "5")
    assert heard.stdout == ""


def test_a_wrong_password_and_a_foreign_authority_are_refused(lab: Lab):
    """The broker takes nobody without the right password; a client finds no TLS it can't trust."""
    wrong = lab.hub.run("mosquitto_sub", *HUB, "-u", "viewer", "-P", "guess", "-t", "#", "-W", "5")
    assert "not authori" in (wrong.stdout + wrong.stderr).lower()
    plain = lab.door.run("/opt/agender-edge/current/bin/python", "-c",
                         "import ssl, socket; ssl.create_default_context().wrap_socket("
                         "socket.create_connection(('hub.local', 8883)), "
                         "server_hostname='hub.local')")  # fmt: skip
    assert "CERTIFICATE_VERIFY_FAILED" in plain.stderr


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


BROKEN = """

def vision(*_arguments: object) -> int:
    raise RuntimeError("this release is broken")
"""


def test_a_broken_release_is_taken_back(lab: Lab, tmp_path: Path):
    """It installs, and starts, and counts nothing: back to the old one, with no number missing."""
    broken = tmp_path / "broken"
    shutil.copytree(lab.checkout, broken, ignore=shutil.ignore_patterns("artefacts"))
    file = broken / "edge/vision.py"
    file.write_text(file.read_text() + BROKEN)
    before, last = release(lab), counts(lab, 1)[0]["seq"]
    listen = ("mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"),
              "-t", COUNTS, "-i", "recording", "-c", "-q", "1", "-W", "400")  # fmt: skip
    with reading(lab.hub.start(*listen)) as subscriber:
        first = json.loads(subscriber.stdout.readline())["seq"]
        played = lab.play("upgrade.yml", "--limit", "door", agender_edge_checkout=str(broken))
        after = counts(lab, 1)[0]["seq"]
        numbers = [first]
        while numbers[-1] < after:
            numbers.append(json.loads(subscriber.stdout.readline())["seq"])
    assert played.status != 0
    assert "The device is back at what worked before, and counts." in played.text, played.text
    assert release(lab) == before
    assert last < after
    assert numbers == list(range(first, after + 1))


def test_the_run_after_a_roll_back_changes_nothing_but_says_so(lab: Lab):
    """The device is what the inventory asks for again: nothing is restarted."""
    process = lab.door.show(VISION, "MainPID")
    played = lab.play("upgrade.yml", "--limit", "door")
    assert played.status == 0, played.text
    assert lab.door.show(VISION, "MainPID") == process


def ask(lab: Lab, query: str) -> list[dict[str, object]]:
    """What Prometheus on the hub answers."""
    code = ("import sys, urllib.request as u; "
            "print(u.urlopen('http://127.0.0.1:9090/api/v1/query?query=' + sys.argv[1]).read()"
            ".decode())")  # fmt: skip
    answer = json.loads(lab.hub.ok("python3", "-c", code, quote(query)))
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def test_every_query_of_the_dashboard_has_an_answer(lab: Lab):
    """Prometheus on the hub has the device's figures, under the names that the panels ask for."""
    file = lab.checkout / "docs/integrations/grafana-dashboard.json"
    panels = json.loads(file.read_text())["panels"]
    wait_for(lambda: ask(lab, "agender_present"), "the first scrape", 40)
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"].replace("$device", ".*")
            if "temperature" not in query:  # this machine knows none
                assert ask(lab, query), query
    assert ask(lab, "agender_seq")[0]["metric"]["sensor"] == "shop/door"


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
)


def test_uninstalling_leaves_nothing(lab: Lab):
    """No unit, no file, no user, and nothing retained at the broker."""
    played = lab.play("uninstall.yml", "--limit", "door", agender_edge_uninstall_data=True)
    assert played.status == 0, played.text
    for path in LEFT:
        assert not (lab.door.root / path).exists(), path
    assert lab.door.run("getent", "passwd", "agender-vision").returncode == 2
    heard = lab.hub.run("mosquitto_sub", *HUB, "-u", "viewer", "-P", lab.password("viewer"),
                        "-t", "agender/v1/shop/door/#", "-t", "homeassistant/#", "-v",
                        "--retained-only", "-W", "3")  # fmt: skip
    assert heard.stdout == ""
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
