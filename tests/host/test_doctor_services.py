"""What the doctor tells of the services that run: their sandboxes, and what they hold."""

from __future__ import annotations

import os

import pytest

from edge.diagnostics import checks
from edge.host import exposure, units
from edge.host.units import PUBLISHER, VISION, Confinement, Unit
from tests.host.doctor import config, states

SHUT = Confinement(
    network=False, cameras=(), root=False, capable=False, may_gain=False, filtered=True,
    dumps_core=False, sockets=(), swappable=False,
)  # fmt: skip

RTSP = "rtsp://camera/live"


@pytest.fixture
def system(monkeypatch):
    """A machine on which units are as a test says; without any, none is installed."""
    known: dict[str, Unit] = {}
    confined: dict[str, Confinement] = {VISION: SHUT, PUBLISHER: SHUT}
    monkeypatch.setattr(units, "look", lambda name: known.get(name, Unit(name)))
    monkeypatch.setattr(
        units, "confinement", lambda pid: confined[VISION if pid == 1 else PUBLISHER]
    )
    monkeypatch.setattr(units, "unsupervised", list)

    def set_up(**changes):
        known[VISION] = Unit(VISION, True, True, 1, "2 in view; 99 frames processed")
        known[PUBLISHER] = Unit(PUBLISHER, True, True, 2, "connected to hub:1883; 0 windows wait")
        for name, change in changes.items():
            unit = VISION if name == "vision" else PUBLISHER
            if "active" in change:
                known[unit] = known[unit]._replace(**change)
            else:
                confined[unit] = SHUT._replace(**change)

    return set_up


def test_running_services_that_are_shut_in_are_good(system):
    """Network, rights, system calls, dumps and devices, of the processes themselves."""
    system()
    vision, publisher = checks.sandbox(config())
    assert (vision.state, publisher.state) == ("good", "good")
    assert "(process 1): no network, no rights to gain, system calls filtered" in vision.text
    assert "(process 2): no camera" in publisher.text


@pytest.mark.parametrize(
    ("changes", "uri", "state", "said"),
    [
        ({"vision": {"network": True}}, "picamera", "bad", "can reach the network"),
        ({"vision": {"network": True}}, RTSP, "note", "reads a network camera"),
        ({"vision": {"network": None}}, "picamera", "note", "run as root"),
        ({"vision": {"filtered": False}}, "picamera", "bad", "system calls are not filtered"),
        ({"vision": {"may_gain": True, "root": True}}, "picamera", "bad", "as root, may gain"),
        ({"vision": {"active": False}}, "picamera", "bad", "does not run"),
        ({"publisher": {"cameras": ("video0",)}}, "picamera", "bad", "sees cameras: video0"),
        ({"publisher": {"dumps_core": True}}, "picamera", "bad", "may dump its memory"),
        (
            {"vision": {"sockets": ("/run/dbus/system_bus_socket",)}},
            "picamera",
            "bad",
            "it reaches /run/dbus/system_bus_socket",
        ),
        ({"vision": {"swappable": True}}, "picamera", "bad", "may be swapped to a disk"),
    ],
)
def test_every_door_that_stands_open_is_named(system, changes, uri, state, said):
    """A drop-in, a unit changed by hand, a service that is down."""
    system(**changes)
    [found] = [f for f in checks.sandbox(config(source__uri=uri)) if f.state != "good"]
    assert (found.state, said in found.text) == (state, True), found
    assert found.advice or state == "note"


@pytest.mark.parametrize(
    ("kernel", "state", "said"),
    [
        ((True, False, []), "good", "can't be swapped"),
        ((None, False, []), "good", "can't be swapped"),
        ((False, False, []), "bad", "memory controller is off"),
        ((True, True, []), "note", "swap on a disk"),
        ((True, True, [4711]), "bad", "swap on a disk"),
    ],
    ids=["none", "no cgroup", "Raspberry Pi OS", "nobody runs", "by hand"],
)
def test_swap_and_the_memory_controller_are_told_as_they_are(
    system, monkeypatch, kernel, state, said
):
    """On Raspberry Pi OS limits do nothing until the kernel is told to keep them."""
    controlled, swapped, by_hand = kernel
    monkeypatch.setattr(exposure, "memory_controlled", lambda: controlled)
    monkeypatch.setattr(exposure, "may_be_swapped", lambda **_: swapped)
    monkeypatch.setattr(units, "unsupervised", lambda: by_hand)
    [found] = checks.memory(config())
    assert (found.state, said in found.text) == (state, True), found


def test_without_our_units_nothing_is_claimed(system, monkeypatch):
    """What is started by hand is not cut off, and that is said."""
    [found] = checks.sandbox(config())
    assert (found.state, "no units of ours" in found.text) == ("note", True)
    monkeypatch.setattr(units, "unsupervised", lambda: [4711])
    [found] = checks.sandbox(config())
    assert "process 4711" in found.text


def test_this_very_process_is_seen_as_it_is():
    """The kernel's books on a process that nothing confines."""
    found = units.confinement(os.getpid())
    assert found.may_gain
    assert not found.filtered
    assert found.root == (os.geteuid() == 0)
    with pytest.raises(OSError):
        units.confinement(2**22 + 1)


def test_what_a_running_service_holds_is_asked_of_it(system):
    """Its camera would be found busy, and its password is for it alone."""
    system()
    found = next(checks.source(config()))
    assert (found.state, "held by agender-vision" in found.text) == ("good", True)
    system(vision={"active": True, "status": "no frames from the camera; 99 frames processed"})
    assert states(checks.source, config()) == ["bad"]
    [found] = checks.broker(config(mqtt__port=9))
    assert (found.state, "connected to hub" in found.text) == ("good", True)
    system(publisher={"active": True, "status": "not connected to hub:1883; 7 windows wait"})
    assert states(checks.broker, config()) == ["bad"]
