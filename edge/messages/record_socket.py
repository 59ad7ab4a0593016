"""Unix datagram sockets between our processes: one small typed record a datagram, both ways.

Each side owns one socket and sends to the other's. A record says what is true now, so a lost one
costs nothing: sending never blocks, and never raises where nobody listens.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from edge.closing import Closing
from edge.messages.unreadable import UNREADABLE

log = logging.getLogger(__name__)

MAX_BYTES = 65_536
"""A longer datagram is cut by the kernel and then refused as malformed."""
SAY_S = 600.0
_PATH_BYTES = 107  # sun_path in <sys/un.h>, less its closing zero
_LONGEST_NAME = "page/publisher.sock"  # below the runtime folder
_ABSENT = (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ENOBUFS)

Heard = TypeVar("Heard")
Said = TypeVar("Said")

_encoder = msgspec.msgpack.Encoder()


class RecordSocket(Closing, Generic[Heard, Said]):
    """One end: a bound datagram socket and the path of the other end.

    Raises ValueError where the path is too long for a socket, OSError where it can't be made.
    """

    def __init__(self, here: Path, there: Path, decoder: msgspec.msgpack.Decoder[Heard]) -> None:
        self._here, self._there = here, str(there)
        self._malformed = 0
        self._said_s: float | None = None
        self._decoder: msgspec.msgpack.Decoder[Heard] = decoder
        self._socket = bound(here, mode=0o660)

    def fileno(self) -> int:
        """For select: readable when a record waits."""
        return self._socket.fileno()

    def send(self, record: Said) -> bool:
        """Hand over a record; false where nobody took it. Never blocks, never raises OSError."""
        try:
            self._socket.sendto(_encoder.encode(record), self._there)
        except OSError as error:
            if error.errno not in _ABSENT:
                log.debug("live: %s: %s", self._there, error)
            return False
        return True

    def receive(self, limit: int = 64) -> list[Heard]:
        """The records that wait, oldest first; never blocks. Malformed ones are gone.

        They are said once in SAY_S, however many there are, and right ones between them.
        """
        found: list[Heard] = []
        for _ in range(limit):
            try:
                found.append(self._decoder.decode(self._socket.recv(MAX_BYTES)))
            except BlockingIOError:
                break
            except UNREADABLE as error:
                self._ignore(error)
            except OSError as error:
                log.debug("live: %s", error)
                break
        return found

    def _ignore(self, error: Exception) -> None:
        self._malformed += 1
        now_s = time.monotonic()
        if self._said_s is None or now_s - self._said_s >= SAY_S:
            self._said_s = now_s
            log.warning(
                "live: malformed records are ignored, %d so far: %s", self._malformed, error
            )

    def close(self) -> None:
        """Close the socket and remove its path."""
        self._socket.close()
        self._here.unlink(missing_ok=True)


def bound(here: Path, *, mode: int, taking_over: bool = False) -> socket.socket:
    """A datagram socket at this path, which only whom `mode` lets write may send to; non-blocking.

    Raises ValueError where the path is too long or, unless `taking_over`, another process listens
    there; OSError where it can't be made.
    """
    if len(os.fsencode(here)) > _PATH_BYTES:
        raise ValueError(
            f"paths.runtime: {here.parent} is too long for a Unix socket; "
            f"at most {_PATH_BYTES - len(here.name) - 1} bytes"
        )
    here.parent.mkdir(parents=True, exist_ok=True)
    if not taking_over and _is_heard(here):
        raise ValueError(
            f"{here} belongs to a running process; end it, or choose another paths.runtime"
        )
    here.unlink(missing_ok=True)  # else left by a process that was killed
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o777 & ~mode)  # so that nobody slips in before the mode is set
    try:
        made.bind(str(here))
    finally:
        os.umask(before)
    _set_mode(here, mode)
    return made


def _set_mode(here: Path, mode: int) -> None:
    """Whatever the folder's default rights are; a link that somebody laid there is not followed."""
    number = os.open(here, os.O_PATH | os.O_NOFOLLOW)
    try:
        os.chmod(f"/proc/self/fd/{number}", mode)  # noqa: PTH101 - a descriptor has no other name
    finally:
        os.close(number)


@contextmanager
def socket_folder(prefix: str) -> Iterator[Path]:
    """A folder for both sockets that goes with the block: where TMPDIR says, if that is short."""
    longest = Path(tempfile.gettempdir()) / f"{prefix}12345678" / _LONGEST_NAME
    fits = len(os.fsencode(longest)) <= _PATH_BYTES
    with tempfile.TemporaryDirectory(prefix=prefix, dir=None if fits else "/tmp") as folder:
        yield Path(folder)


def _is_heard(path: Path) -> bool:
    """Whether a living process listens at this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
