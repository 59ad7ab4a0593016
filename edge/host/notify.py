"""Telling the service manager: ready, alive, how it goes (sd_notify(3)), without a library.

Outside of a service everything here does nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

STATUS_S = 5.0
"""How often the status line may change; `systemctl status` shows the last one."""

NO_FRAMES = "no frames from the camera"
"""How vision's status begins while that is so; `doctor` looks for it."""

_ALIVE_SHARE = 0.25
"""Share of the watchdog's time after which a sign of life is sent again; sd_watchdog_enabled(3)
asks for at most a half."""


class Notifier:
    """One datagram socket to the service manager."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`environment` names the socket in NOTIFY_SOCKET, as systemd sets it."""
        address = (os.environ if environment is None else environment).get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            )
            # A leading @ stands for the zero byte of an abstract address.
            self._address = "\0" + address[1:] if address.startswith("@") else address

    def send(self, **assignments: str) -> None:
        """Send `KEY=value` lines; a service manager that does not listen is no error."""
        if self._socket is None:
            return
        lines = "\n".join(f"{key}={value}" for key, value in assignments.items())
        try:
            self._socket.sendto(lines.encode(), self._address)
        except OSError as error:
            log.debug("notify: %s", error)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()


class Service:
    """What a long-running process tells: READY once, WATCHDOG while it gets on, STATUS for people.

    Getting on means that `progress` changes. A process that merely runs, with a camera that has
    fallen silent, is not alive and is to be restarted.
    """

    def __init__(
        self,
        notifier: Notifier | None = None,
        clock: Callable[[], float] = time.monotonic,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        values = os.environ if environment is None else environment
        self._notifier = notifier or Notifier(environment)
        self._clock = clock
        self._alive_every_s = _watchdog_s(values) * _ALIVE_SHARE
        self._ready = False
        self._progress: object = None
        self._alive_due_s = self._status_due_s = -1.0
        self._status = ""

    def tick(self, progress: object, status: Callable[[], str], *, idle: bool = False) -> None:
        """Call often. `progress` None means not ready yet; `idle` that none is to be expected."""
        now_s = self._clock()
        moved = idle or (progress is not None and progress != self._progress)
        self._progress = progress
        if moved and not self._ready:
            self._ready = True
            self._notifier.send(READY="1")
        if moved and now_s >= self._alive_due_s:
            self._alive_due_s = now_s + self._alive_every_s
            self._notifier.send(WATCHDOG="1")
        if now_s >= self._status_due_s:
            self._status_due_s = now_s + STATUS_S
            self._say(status())

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._notifier.send(STOPPING="1")

    def _say(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self._notifier.send(STATUS=status.replace("\n", " "))


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """The watchdog's time; 0 where there is none, or it is meant for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(environment.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
