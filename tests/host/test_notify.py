"""What the service manager hears."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.host.notify import STATUS_S, Notifier, Service


class Manager:
    """The receiving end of the notification socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path):
    name = f"{tmp_path}/notify"
    opened = Manager(f"@{name}" if request.param == "abstract" else name)
    yield opened
    opened.close()


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def service(manager: Manager, clock: Clock, watchdog_s: float = 20) -> Service:
    environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}
    return Service(clock=clock, environment=environment)


def test_ready_is_said_once_after_the_first_progress(manager: Manager):
    """Nothing is ready while there is no frame; the first one makes it so, once."""
    clock = Clock()
    told = service(manager, clock)
    told.tick(None, lambda: "opening the camera")
    assert manager.heard() == ["STATUS=opening the camera"]
    told.tick(1, lambda: "")
    told.tick(2, lambda: "")
    assert manager.heard() == ["READY=1", "WATCHDOG=1"]


def test_the_watchdog_is_fed_by_progress_alone(manager: Manager):
    """Ticks without a new frame are no sign of life, however many there are."""
    clock = Clock()
    told = service(manager, clock, watchdog_s=20)
    told.tick(1, lambda: "x")
    manager.heard()
    for _ in range(100):
        clock.now_s += 1
        told.tick(1, lambda: "x")
    assert "WATCHDOG=1" not in manager.heard()
    told.tick(2, lambda: "x")
    assert manager.heard() == ["WATCHDOG=1"]


def test_signs_of_life_come_well_within_the_watchdogs_time_and_not_for_each_frame(
    manager: Manager,
):
    """For a watchdog of 20 s: one each 5 s, at ten frames a second."""
    clock = Clock()
    told = service(manager, clock, watchdog_s=20)
    for frame in range(400):
        told.tick(frame, lambda: "x")
        clock.now_s += 0.1
    assert manager.heard().count("WATCHDOG=1") == 8


def test_a_pause_that_was_ordered_is_no_hang(manager: Manager):
    """While no frame is to be expected the watchdog is fed all the same."""
    clock = Clock()
    told = service(manager, clock)
    for _ in range(3):
        told.tick(1, lambda: "x", idle=True)
        clock.now_s += 10
    assert manager.heard().count("WATCHDOG=1") == 3


def test_the_status_is_said_when_it_changes_and_seldom(manager: Manager):
    """One line for people, not one per frame; line breaks would begin another assignment."""
    clock = Clock()
    told = service(manager, clock)
    for text in ("one", "two", "three\nREADY=1"):
        told.tick(None, lambda text=text: text)
        told.tick(None, lambda: "too soon")
        clock.now_s += STATUS_S
    told.tick(None, lambda: "three\nREADY=1")
    assert manager.heard() == ["STATUS=one", "STATUS=two", "STATUS=three READY=1"]


def test_the_end_is_announced(manager: Manager):
    """STOPPING lets the manager know that the last window is being counted."""
    service(manager, Clock()).stopping()
    assert manager.heard() == ["STOPPING=1"]


def test_outside_of_a_service_nothing_happens():
    """No socket, no error."""
    told = Service(environment={})
    told.tick(1, lambda: "x")
    told.stopping()


def test_a_manager_that_went_away_is_no_error(tmp_path: Path):
    """A socket that nobody reads, or that is gone, is not our trouble."""
    notifier = Notifier({"NOTIFY_SOCKET": f"{tmp_path}/gone"})
    notifier.send(READY="1")
    notifier.close()


@pytest.mark.parametrize(
    "environment", [{"WATCHDOG_USEC": "junk"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}]
)
def test_a_watchdog_meant_for_another_is_left_alone(manager: Manager, environment):
    """Junk and another process's watchdog leave only READY and life at every progress."""
    told = Service(environment={"NOTIFY_SOCKET": manager.address, **environment})
    told.tick(1, lambda: "")
    assert manager.heard() == ["READY=1", "WATCHDOG=1"]
