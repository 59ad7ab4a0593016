"""Both services on a machine that really booted: sandbox, restarts, watchdog, credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.main_job.program import wait_for
from tests.system.machine import Machine, reading
from tests.system.services import installed

pytestmark = pytest.mark.slow

VISION, PUBLISHER = installed.UNITS
LOGIN = ("-h", "127.0.0.1", "-u", "machine", "-P", "correct horse")
COUNTS = "agender/v2/test/machine/counts"

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


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with the product installed and both services running."""
    folder = tmp_path_factory.mktemp("machine")
    with Machine(installed.root(), installed.binds(), folder / "console") as booted:
        installed.install(booted)
        done = booted.run("systemctl", "start", VISION, PUBLISHER)
        assert done.returncode == 0, booted.journal(VISION) + booted.journal(PUBLISHER)
        yield booted


def counts(machine: Machine, number: int, timeout_s: int = 40) -> list[dict[str, object]]:
    """The next messages of the device, as a consumer gets them."""
    text = machine.ok(
        "mosquitto_sub", *LOGIN, "-t", COUNTS, "-C", str(number), "-W", str(timeout_s),
        timeout_s=timeout_s + 10,
    )  # fmt: skip
    return [json.loads(line) for line in text.splitlines()]


def pid(machine: Machine, unit: str) -> str:
    return machine.show(unit, "MainPID")["MainPID"]


def test_counts_arrive_at_the_broker(machine: Machine):
    """Frames of a real clip become gapless windows, delivered with the password from credstore."""
    received = counts(machine, 4)
    numbers = [message["seq"] for message in received]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert received[-1]["observed_s"] > 1.5, "the first windows may be those of the start"


def test_both_say_how_they_are(machine: Machine):
    """systemctl status shows a line for people."""
    vision = machine.show(VISION, "ActiveState", "StatusText")
    assert vision["ActiveState"] == "active"
    assert "frames processed" in vision["StatusText"]
    wait_for(
        lambda: "connected to 127" in machine.show(PUBLISHER, "StatusText")["StatusText"],
        "the connection",
    )


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


def doctor(machine: Machine) -> dict[str, list[dict[str, str]]]:
    """What the doctor finds when root calls it beside the running services."""
    program = "/opt/agender-edge/current/bin/agender-edge"
    done = machine.run(program, "doctor", "--json", "--config", "/etc/agender-edge/config.toml")
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["subject"], []).append(finding)
    return found


def test_the_doctor_sees_the_sandbox_in_force(machine: Machine):
    """By the kernel's books on both processes; the outbox and the broker are the services'."""
    found = doctor(machine)
    vision, publisher = found["sandbox"]
    assert (vision["state"], publisher["state"]) == ("good", "good"), found
    assert f"(process {pid(machine, VISION)}): no network" in vision["text"]
    assert "no camera" in publisher["text"]
    assert "windows wait" in found["outbox"][0]["text"]
    assert found["broker"][0]["state"] == "good"


def test_the_doctor_sees_a_sandbox_that_is_not_in_force(machine: Machine):
    """A drop-in opened the network, and the source is no network camera: that is bad."""
    drop_in = installed.REPOSITORY / "systemd" / "drop-ins" / "network-camera.conf"
    file = f"/run/systemd/system/{VISION}.d/network-camera.conf"
    machine.write(file, drop_in.read_text() + "\nNoNewPrivileges=no\n")
    machine.ok("systemctl", "daemon-reload")
    try:
        machine.ok("systemctl", "restart", VISION)
        vision = doctor(machine)["sandbox"][0]
        assert (vision["state"], "can reach the network" in vision["text"]) == ("bad", True)
        assert "systemctl revert" in vision["advice"]
    finally:
        machine.ok("rm", file)
        machine.ok("systemctl", "daemon-reload")
        machine.ok("systemctl", "restart", VISION)


XNNPACK = """
from pathlib import Path
import numpy as np
from edge.runtime.networks.model import load
for name in ("blazeface_short_128", "libface_320x176"):
    network = load(name, Path("/opt/agender-edge/src/models_tflite"))
    size = network.card.input
    network.run(np.zeros((1, size.height, size.width, 3), np.uint8))
    print(name, network.delegated)
"""


def test_xnnpack_works_inside_the_sandbox(machine: Machine):
    """Some protections switch it off without a word; the detectors have it all the same."""
    answer = installed.probe(machine, VISION, XNNPACK)
    assert answer.splitlines() == ["blazeface_short_128 True", "libface_320x176 True"]


def test_hiding_the_processor_would_switch_xnnpack_off(machine: Machine):
    """Why ProcSubset=pid, which the score would like, is not in the unit."""
    answer = installed.probe(machine, VISION, XNNPACK, "ProcSubset=pid")
    assert answer.splitlines() == ["blazeface_short_128 False", "libface_320x176 False"]


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


def test_a_hung_source_is_ended_by_the_watchdog(machine: Machine):
    """The process lives, but no frame comes: it is killed and started again, and counts go on."""
    drop_in = "[Service]\nWatchdogSec=4s\nRestartSec=1s\n"
    machine.write(f"/run/systemd/system/{VISION}.d/quick.conf", drop_in)
    machine.write("/opt/agender-edge/hang/sitecustomize.py", HANG)
    program = installed.PROGRAM.replace("PYTHONPATH=", "PYTHONPATH=/opt/agender-edge/hang:")
    machine.write("/opt/agender-edge/current/bin/agender-edge", program, 0o755)
    machine.ok("systemctl", "daemon-reload")
    machine.ok("systemctl", "restart", VISION)
    before = int(machine.show(VISION, "NRestarts")["NRestarts"])
    machine.write("/run/agender-edge/hang", "")
    wait_for(
        lambda: int(machine.show(VISION, "NRestarts")["NRestarts"]) > before,
        "a restart by the watchdog",
    )
    assert "Watchdog timeout" in machine.journal(VISION)
    (machine.root / "run/agender-edge/hang").unlink()
    assert counts(machine, 2)
    machine.write("/opt/agender-edge/current/bin/agender-edge", installed.PROGRAM, 0o755)


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


def test_the_shared_folder_is_closed_to_others(machine: Machine):
    """Only the two services and root may look into the outbox."""
    shown = machine.ok("stat", "-c", "%A %U %G", "/var/lib/agender-edge", "/run/agender-edge")
    assert shown.splitlines() == ["drwxrws--- agender-vision agender"] * 2
    modes = machine.ok("find", "/var/lib/agender-edge", "-type", "f", "-printf", "%m %g\n")
    assert set(modes.splitlines()) == {"660 agender"}


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


def test_memory_stays_within_the_limits(machine: Machine):
    """Neither service comes near the limit that would end it."""
    for unit, limit_mb in ((VISION, 320), (PUBLISHER, 80)):
        file = Path(f"proc/{pid(machine, unit)}/status")
        lines = (machine.root / file).read_text().splitlines()
        (resident,) = (line for line in lines if line.startswith("VmRSS"))
        assert int(resident.split()[1]) / 1024 < limit_mb
