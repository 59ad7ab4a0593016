"""From two fresh machines to counts at the hub, by the playbooks."""

from __future__ import annotations

import json
import time

import pytest

from edge.messages.bands import COARSE_BANDS
from tests.main_job.program import wait_for
from tests.system.fleet.asking import (
    COUNTS,
    HUB,
    OF_YARD,
    PUBLISHER,
    VISION,
    ask,
    counts,
    inside,
    state,
)
from tests.system.fleet.lab import Lab

pytestmark = pytest.mark.slow


def test_check_mode_tells_and_changes_nothing(lab: Lab):
    """On new machines --check runs to its end, Grafana, PostgreSQL and all; no file changes."""
    folders = ("etc", "opt", "usr", "var/lib/systemd", "lib/systemd")
    stamp = time.time()
    grafana = {"agender_hub_grafana": True, "agender_hub_grafana_apt": {"uris": "http://nowhere"}}
    played = lab.play("site.yml", "--check", agender_hub_store="postgresql", **grafana)
    assert played.status == 0, played.text
    for machine in (lab.hub, lab.door):
        made = [
            file for folder in folders for file in (machine.root / folder).rglob("*")
            if not file.is_symlink() and file.stat().st_mtime > stamp
        ]  # fmt: skip
        assert made == []


def test_the_first_run_installs_hub_and_device(lab: Lab):
    """It ends well only if the device counted a window and the hub took it, over TLS.

    Whatever login the device had before, by its card, is no longer used.
    """
    lab.door.write("/etc/credstore/agender-edge.mqtt-username", "by-card\n", mode=0o600)
    played = lab.play("site.yml")
    assert played.status == 0, played.text
    received = counts(lab, 3)
    numbers = [message["seq"] for message in received]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert received[-1]["observed_s"] > 1


def test_a_further_camera_is_a_device_of_its_own(lab: Lab):
    """It counts under its own name and login, in its own units; its page alone is switched on."""
    assert counts(lab, 1, topic=OF_YARD)[0]["observed_s"] > 1
    assert lab.password("door-yard") != lab.password("door")
    shown = lab.door.show("agender-vision@yard.service", "ActiveState", "PrivateNetwork")
    assert shown == {"ActiveState": "active", "PrivateNetwork": "yes"}
    assert lab.door.ok("systemctl", "is-enabled", "agender-edge@yard.target") == "enabled\n"
    ask_page = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8089/').status)"
    assert lab.door.ok("python3", "-c", ask_page) == "200\n"
    assert state(lab.door, "agender-page.service") == "inactive"


def test_the_second_run_changes_nothing(lab: Lab):
    """The same state again: changed=0 on both, and the device is not disturbed."""
    visions = (VISION, "agender-vision@yard.service")
    before = [lab.door.show(vision, "MainPID") for vision in visions]
    played = lab.play("site.yml")
    assert played.status == 0, played.text
    assert [played.recap(host)["changed"] for host in ("hub", "door")] == [0, 0], played.text
    assert [lab.door.show(vision, "MainPID") for vision in visions] == before


def test_verify_finds_the_fleet_well(lab: Lab):
    """Sandboxes, doctor, certificates, and a window of the device at the hub."""
    limited = lab.door.run("grep", "-qw", "memory", "/sys/fs/cgroup/cgroup.controllers")
    unlimited = ["memory"] if limited.returncode else []  # what this kernel lacks
    played = lab.play(
        "verify.yml",
        agender_hub_verify_devices=["door"],
        agender_edge_doctor_ignore=["clock", *unlimited],
    )
    assert played.status == 0, played.text
    assert all(f"shop/{name}: window" in played.text for name in ("door", "door-yard"))


def test_apt_s_numpy_is_not_hidden(lab: Lab):
    """The environment's numpy is the one that picamera2 would be built with."""
    code = "import numpy, cv2; print(numpy.__file__)"
    found = lab.door.ok("/opt/agender-edge/current/bin/python", "-c", code)
    assert found.startswith("/usr/lib/python3/dist-packages/numpy")


def test_secrets_are_readable_by_root_alone(lab: Lab):
    """Password, kept copies, the broker's files and the controller's folder."""
    listed = lab.door.ok(
        "stat", "-c", "%a %U", "/etc/credstore", "/etc/credstore.encrypted",
        "/etc/credstore.encrypted/agender-edge.sealed-mqtt-password",
        "/opt/agender-edge/last-good", "/etc/agender-edge/config.toml",
    )  # fmt: skip
    assert listed.splitlines() == ["700 root", "700 root", "600 root", "700 root", "640 root"]
    assert not (lab.door.root / "etc/credstore/agender-edge.mqtt-password").exists()
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


def test_every_query_of_the_dashboard_has_an_answer(lab: Lab):
    """Prometheus on the hub has the device's figures, under the names that the panels ask for.

    The panel of age bands asks for those of either scheme; this device tells the fine ones.
    """
    file = lab.checkout / "docs/integrations/grafana-dashboard.json"
    panels = json.loads(file.read_text())["panels"]
    wait_for(lambda: ask(lab, "agender_present"), "the first scrape", 40)
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"].replace("$device", ".*")
            coarse = any(f"agender_age_{band}{{" in query for band in COARSE_BANDS)
            if "temperature" not in query:  # this machine knows none
                assert bool(ask(lab, query)) is not coarse, query
    sensors = {found["metric"]["sensor"] for found in ask(lab, "agender_seq")}
    assert sensors == {"shop/door", "shop/door-yard"}
