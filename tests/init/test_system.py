"""What `init` leaves on a system, below a folder of the test's own."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys

import msgspec
import pytest

from edge.config.tables import Config
from edge.errors import UserError
from edge.host.units import Unit
from edge.init import system
from edge.init.places import Places
from tests.shared import ROOT


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path)


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    """A system without systemd-creds."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_password_that_can_t_be_encrypted_is_for_root_alone(places, no_programs):
    """On one line, as the publisher reads it; folders too."""
    system.store_password("correct horse", places)
    assert places.plain.read_text() == "correct horse\n"
    assert (mode(places.plain), mode(places.plain.parent)) == (0o600, 0o700)
    assert not places.sealed.exists()


def test_a_sealed_password_of_before_does_not_win_over_the_new_one(places, no_programs):
    """The encrypted one counts where both are there."""
    places.sealed.parent.mkdir(parents=True)
    places.sealed.write_bytes(b"of another broker")
    system.store_password("new", places)
    assert not places.sealed.exists()


def test_a_user_of_before_does_not_win_over_the_new_one(places, no_programs):
    """The credential counts before the configuration."""
    places.user.parent.mkdir(parents=True)
    places.user.write_text("of another broker")
    system.store_password("new", places)
    assert not places.user.exists()


def test_without_a_password_none_is_kept(places, no_programs):
    """The user was taken away."""
    system.store_password("old", places)
    system.store_password("", places)
    assert not places.plain.exists()


def test_an_encrypted_password_leaves_no_plain_one(places, tmp_path, monkeypatch):
    """systemd-creds is given the password on its standard input, not on its command line."""
    programs = tmp_path / "programs"
    programs.mkdir()
    tool = programs / "systemd-creds"
    keep = f'echo "$@" > {tmp_path}/words\n/bin/cat > {tmp_path}/given\n'
    tool.write_text(f"#!/bin/sh\n{keep}echo sealed\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    places.plain.parent.mkdir(parents=True)
    places.plain.write_text("old\n")
    system.store_password("correct horse", places)
    assert (tmp_path / "words").read_text() == "encrypt --name=sealed-mqtt-password - -\n"
    assert (tmp_path / "given").read_text() == "correct horse"
    assert places.sealed.read_text() == "sealed\n"
    assert mode(places.sealed) == 0o600
    assert not places.plain.exists()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("controllers", "line", "then"),
    [
        ("cpu io", "console=tty1 root=x\n", "console=tty1 root=x cgroup_enable=memory\n"),
        ("cpu memory", "console=tty1\n", "console=tty1\n"),
        ("cpu", "a cgroup_enable=memory b\n", "a cgroup_enable=memory b\n"),
    ],
)
def test_the_memory_controller_is_turned_on_once_where_it_is_off(places, controllers, line, then):
    """On the kernel's command line, which has one line."""
    write(places.root / "sys/fs/cgroup/cgroup.controllers", controllers)
    boot = write(places.root / "boot/firmware/cmdline.txt", line)
    for _ in range(2):
        system.limit_memory(places)
        assert boot.read_text() == then


def test_a_machine_without_such_a_line_stays_as_it_is(places):
    """No Raspberry Pi."""
    system.limit_memory(places)
    assert list(places.root.iterdir()) == []


def test_a_user_is_told_to_be_root(places, monkeypatch):
    """Before anything is asked."""
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    with pytest.raises(system.UserError, match="sudo agender-edge init"):
        system.require(places, Places().file)


def test_a_program_that_no_unit_would_find_is_told(places, monkeypatch, tmp_path):
    """The units run /opt/agender-edge/current."""
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system, "SHARE", tmp_path)
    write(tmp_path / system.VISION, "")
    with pytest.raises(system.UserError, match="which is not there: let /opt/agender-edge/current"):
        system.require(places, Places().file)


def test_a_password_that_cannot_be_stored_is_told(places, no_programs):
    """A file stands where the folder should be."""
    write(places.root / "etc/credstore", "")
    with pytest.raises(system.UserError, match="the password cannot be stored"):
        system.store_password("correct horse", places)


def test_an_old_password_stays_where_a_new_one_cannot_be_stored(places, no_programs):
    """The device goes on with the broker of before."""
    write(places.sealed, "old")
    places.plain.mkdir(parents=True)
    with pytest.raises(system.UserError):
        system.store_password("new", places)
    assert places.sealed.read_text() == "old"


def test_a_boot_partition_that_cannot_be_written_is_told_and_no_more(places, capsys, monkeypatch):
    """The services run already."""
    write(places.root / "sys/fs/cgroup/cgroup.controllers", "cpu")
    write(places.root / "boot/firmware/cmdline.txt", "a\n")

    def refused(line, words):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(system, "tell_kernel", refused)
    system.limit_memory(places)
    assert "stays off" in capsys.readouterr().err


@pytest.fixture
def asked(monkeypatch):
    """What is asked of the service manager, in order; both units run, and stopping may fail."""
    words = []
    monkeypatch.setattr(system, "look", lambda name: Unit(name, installed=True, active=True))
    monkeypatch.setattr(system, "_run", lambda *command: words.append(command[:2]))
    return words


def test_services_go_on_where_setting_up_fails(asked):
    """With the configuration of before."""
    with pytest.raises(KeyboardInterrupt), system.stopped(Places()):
        raise KeyboardInterrupt
    assert asked == [("systemctl", "stop"), ("systemctl", "start")]


SYSTEMCTL = """#!/bin/sh
echo "$*" >> {log}
case "$1 $2" in "show agender-vision.service") echo ActiveState=activating;; esac
case "$1 $2" in "show agender-publisher.service") echo ActiveState=active;; esac
"""
TRYING = """
import signal, time
from edge.init import system
from edge.init.places import Places
for number in (signal.SIGTERM, signal.SIGHUP):  # whoever runs the tests may ignore them
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
with system.stopped(Places()):
    print("trying", flush=True)
    time.sleep(30)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_lost_terminal_leaves_no_service_stopped(tmp_path, number):
    """One that is just starting holds the camera as well; nobody waits for a camera that is off."""
    log, program = tmp_path / "log", tmp_path / "systemctl"
    program.write_text(SYSTEMCTL.format(log=log))
    program.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", TRYING],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as trying:
        assert trying.stdout.readline() == b"trying\n"
        trying.send_signal(number)
        assert trying.wait(20) != 0
    both = "agender-vision.service agender-publisher.service"
    assert log.read_text().splitlines()[-2:] == [f"stop {both}", f"start --no-block {both}"]


def test_services_that_came_up_by_themselves_start_anew(asked):
    """`start` would leave them with the configuration of before."""
    system.start(Places())
    assert asked == [("systemctl", "enable"), ("systemctl", "restart"), ("systemctl", "start")]


def test_what_was_written_all_the_same_need_not_come_up(monkeypatch, capsys):
    """Its camera is off, as was known: the rest is set up; whoever did not say so is told so."""
    words = []

    def run(*command):
        words.append(command[1])
        if command[1] == "restart":
            raise UserError("systemctl restart failed")

    monkeypatch.setattr(system, "_run", run)
    system.start(Places(), untested=True)
    assert words == ["enable", "restart", "start"]
    assert "it is tried again" in capsys.readouterr().err
    with pytest.raises(UserError, match="restart failed"):
        system.start(Places())


def test_one_camera_of_several_has_names_of_its_own(places):
    """File, credentials and units: another's are never taken for its own."""
    till = places._replace(instance="till")
    assert str(till.file) == "/etc/agender-edge/till.toml"
    assert till.units == ("agender-vision@till.service", "agender-publisher@till.service")
    assert till.page == "agender-page@till.service"
    assert "agender-page@.service" in till.shipped
    assert till.enabled == ("agender-edge@till.target",)
    assert all((ROOT / "systemd" / unit).is_file() for unit in till.shipped)
    for mine, others in zip((till.plain, till.sealed, till.user),
                            (places.plain, places.sealed, places.user), strict=True):  # fmt: skip
        assert mine.name == others.name.replace("agender-edge.", "agender-edge@till.")


def test_the_package_keeps_its_own_units(asked, places, monkeypatch):
    """Copied to /etc they would hide those of every later version."""
    monkeypatch.setattr(system, "PACKAGED", True)
    monkeypatch.setattr(system, "SHARE", ROOT / "systemd")
    system.install_users(places)
    system.install_units(msgspec.convert({"source": {"uri": "rtsp://cam/1"}}, Config), places)
    assert [path.name for path in places.root.rglob("*") if path.is_file()] == [
        "network-camera.conf"
    ]


def test_a_network_is_given_to_vision_for_a_network_camera_alone(asked, places, monkeypatch):
    """And taken again with the next set-up."""
    monkeypatch.setattr(system, "SHARE", ROOT / "systemd")
    drop_in = places.root / "etc/systemd/system/agender-vision.service.d/network-camera.conf"
    for uri, there in (("rtsp://cam/1", True), ("usb:0", False)):
        system.install_units(msgspec.convert({"source": {"uri": uri}}, Config), places)
        assert drop_in.exists() == there
    assert asked == [("systemctl", "daemon-reload")] * 2
