"""What each service can reach from inside its sandbox, and who reaches what is its own."""

from __future__ import annotations

import json

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.booted.consumer import COUNTS, LOGIN, PUBLISHER, VISION, pid

pytestmark = pytest.mark.slow


def test_vision_has_no_way_out(machine: Machine):
    """Inside its sandbox no address can be reached, no Internet socket made, nothing written."""
    answer = json.loads(installed.probe(machine, VISION, """
import json, os, socket
tried = {}
def attempt(name, act):
    try:
        tried[name] = repr(act())
    except OSError as error:
        tried[name] = "refused"
attempt("inet", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
attempt("inet6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("bluetooth", lambda: socket.socket(31, socket.SOCK_STREAM))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
for folder in ("/etc", "/home", "/usr", "/opt/agender-edge", "/boot", "/dev", "/var"):
    attempt(f"write {folder}", lambda: open(folder + "/probe", "w"))
attempt("mqtt password", lambda: open("/etc/credstore/agender-edge.mqtt-password").read())
attempt("namespace", lambda: os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else open("/"))
tried["interfaces"] = os.listdir("/sys/class/net")
tried["outbox"] = os.access("/var/lib/agender-edge", os.W_OK)
print(json.dumps(tried))
"""))  # fmt: skip
    assert answer.pop("interfaces") == ["lo"]
    assert answer.pop("outbox") is True
    assert set(answer.values()) == {"refused"}, answer


SOCKETS = """
import json, os, socket, stat
from pathlib import Path
from edge.host.exposure import foreign_sockets
reached = []
for folder, _, names in os.walk("/"):
    if folder.startswith(("/proc", "/sys")):
        continue
    for name in names:
        path = os.path.join(folder, name)
        try:
            if not stat.S_ISSOCK(os.lstat(path).st_mode):
                continue
        except OSError:
            continue
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_UNIX, kind) as probe:
                try:
                    probe.connect(path)
                    reached.append(path)
                except OSError:
                    pass
told = foreign_sockets(Path("/run/agender-edge"))
print(json.dumps({"reached": sorted(set(reached)), "told": told}))
"""


@pytest.mark.parametrize(
    ("unit", "allowed"),
    [
        (VISION, {"/run/systemd/notify", "/run/agender-edge/publisher.sock",
                  "/run/agender-edge/vision.sock", "/run/agender-edge/aim.sock"}),
        (PUBLISHER, {"/run/systemd/notify", "/run/agender-edge/publisher.sock",
                     "/run/agender-edge/vision.sock", "/run/avahi-daemon/socket",
                     "/run/systemd/resolve/io.systemd.Resolve"}),
    ],
)  # fmt: skip
def test_no_socket_of_another_program_is_within_reach(machine: Machine, unit: str, allowed: set):
    """A network of its own does not keep a process from D-Bus: half a megabyte went out there."""
    assert machine.run("test", "-S", "/run/dbus/system_bus_socket").returncode == 0
    answer = json.loads(installed.probe(machine, unit, SOCKETS))
    assert set(answer["reached"]) <= allowed
    if unit == VISION:
        assert answer["told"] == []


def test_the_publisher_sees_no_device_and_nothing_of_vision(machine: Machine):
    """No camera in /dev, no process of the other user in /proc, none of its memory or files."""
    answer = json.loads(installed.probe(machine, PUBLISHER, f"""
import json, os
vision = "/proc/{pid(machine, VISION)}"
def readable(path):
    try:
        open(path, "rb").read(1)
        return True
    except OSError:
        return False
print(json.dumps({{
    "devices": sorted(os.listdir("/dev")),
    "vision": os.path.exists(vision),
    "memory": readable(vision + "/mem"),
    "others": [p for p in os.listdir("/proc") if p.isdigit()
               and os.stat("/proc/" + p).st_uid != os.getuid()],
}}))
"""))  # fmt: skip
    assert not answer["vision"]
    assert not answer["memory"]
    assert answer["others"] == []
    cameras = ("video", "media", "v4l", "dma_heap", "vchiq", "vcio", "mem", "kmem", "sd", "mmc")
    assert not [name for name in answer["devices"] if name.startswith(cameras)], answer


def test_info_tells_what_is_in_force(machine: Machine):
    """Vision found no network, no socket of others and no way to dump its memory."""
    text = machine.ok("mosquitto_sub", *LOGIN, "-t", COUNTS.replace("counts", "info"), "-C", "1",
                      "-W", "20")  # fmt: skip
    guarantees = json.loads(text)["guarantees"]
    assert guarantees["vision_without_network"] is True
    assert guarantees["vision_without_sockets"] is True
    assert guarantees["vision_without_core_dumps"] is True


def test_root_alone_may_aim(machine: Machine):
    """Through the sandbox of vision; the process with the network gets nothing, root does."""
    aim = ["/opt/agender-edge/current/bin/agender-edge", "aim", "--for", "2", "--json",
           "--config", "/etc/agender-edge/config.toml"]  # fmt: skip
    looks = [json.loads(line) for line in machine.ok(*aim).splitlines()]
    assert looks
    assert {look["type"] for look in looks} == {"sight"}
    refused = machine.run("runuser", "-u", "agender-publisher", "--", *aim)
    assert refused.returncode != 0
    assert "only root, or the user of vision, may aim" in refused.stderr
    assert refused.stdout == ""


def test_the_shared_folder_is_closed_to_others(machine: Machine):
    """Only the two services and root may look into the outbox."""
    shown = machine.ok("stat", "-c", "%A %U %G", "/var/lib/agender-edge", "/run/agender-edge")
    assert shown.splitlines() == ["drwxrws--- agender-vision agender"] * 2
    modes = machine.ok("find", "/var/lib/agender-edge", "-type", "f", "-printf", "%m %g\n")
    assert set(modes.splitlines()) == {"660 agender"}
