"""A socket for requests, each with the one that its answer goes to.

A request brings along the socket that answers go to (SCM_RIGHTS), and the kernel says who sent it
(SCM_CREDENTIALS): no path can be taken over to be shown what was meant for another. See unix(7).
"""

from __future__ import annotations

import array
import os
import select
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from edge.closing import Closing
from edge.errors import UserError, why
from edge.messages.record_socket import MAX_BYTES, bound
from edge.messages.unreadable import UNREADABLE

CREDENTIALS = struct.Struct("3i")
"""struct ucred: process, user, group."""
DESCRIPTORS_MAX = 4
ROOM = socket.CMSG_SPACE(CREDENTIALS.size) + socket.CMSG_SPACE(4 * DESCRIPTORS_MAX)
REQUESTS_MAX = 8
"""At one look: whoever floods the door must not keep vision from looking."""
CONNECT_S = 5.0

_encoder = msgspec.msgpack.Encoder()

Request = TypeVar("Request")
Told = TypeVar("Told")


class Reply(Closing):
    """Where answers to one request go."""

    def __init__(self, there: socket.socket) -> None:
        there.setblocking(False)
        self._there = there

    def send(self, record: Struct) -> bool:
        """Hand over a record; false once nobody is there to take it. Never blocks.

        One that finds no room is gone, as is what it told.
        """
        try:
            self._there.send(_encoder.encode(record))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let the other end know."""
        self._there.close()


class Asked(NamedTuple, Generic[Request]):
    """A request, the user whose process sent it, and where the answer goes."""

    record: Request
    user: int
    reply: Reply


class RequestDoor(Closing, Generic[Request]):
    """A socket to which requests come, each with the one that its answer goes to.

    Whoever else listens at its path loses it. Raises ValueError and OSError as the live sockets do.
    """

    def __init__(self, here: Path, decoder: msgspec.msgpack.Decoder[Request], mode: int) -> None:
        self._here, self._decoder = here, decoder
        self._socket = bound(here, mode=mode, taking_over=True)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.fileno = self._socket.fileno

    def receive(self) -> list[Asked[Request]]:
        """Requests that wait, REQUESTS_MAX at most; what makes no sense is gone. Never blocks."""
        found: list[Asked[Request]] = []
        for _ in range(REQUESTS_MAX):
            try:
                content, told, _, _ = self._socket.recvmsg(MAX_BYTES, ROOM, socket.MSG_CMSG_CLOEXEC)
            except OSError:
                break
            with suppress(*UNREADABLE, IndexError, OSError):
                found.append(_asked(content, told, self._decoder))
        return found

    def close(self) -> None:
        """Close the socket and remove its path."""
        self._socket.close()
        with suppress(OSError):  # somebody may have laid a folder there since
            self._here.unlink()


class RequestLine(Closing, Generic[Told]):
    """The asking end: a request, and what is answered. UserError where nobody can be asked."""

    def __init__(self, here: Path, request: Struct, decoder: msgspec.msgpack.Decoder[Told]) -> None:
        self._decoder = decoder
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sent, given = [_encoder.encode(request)], array.array("i", [theirs.fileno()])
        try:
            with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
                asking.settimeout(CONNECT_S)  # whoever hangs takes none
                # Not connected first: the page may open no connection.
                asking.sendmsg(
                    sent, [(socket.SOL_SOCKET, socket.SCM_RIGHTS, given)], 0, os.fspath(here)
                )
        except OSError as error:
            self._ours.close()
            raise UserError(f"{here}: {self._why_not(error)}") from error

    def fileno(self) -> int:
        """For select: readable when an answer waits."""
        return self._ours.fileno()

    def receive(self, within_s: float) -> Told | None:
        """The next answer; None where none comes in that time. UserError where the other ended."""
        if not select.select([self._ours], [], [], within_s)[0]:
            return None
        try:
            content = self._ours.recv(MAX_BYTES)
        except OSError:
            content = b""
        if not content:
            raise UserError(self.ENDED)
        try:
            return self._decoder.decode(content)
        except UNREADABLE as error:
            raise UserError("what answers is of another version; start it anew") from error

    def close(self) -> None:
        """Ask no longer: the other end sees it."""
        self._ours.close()

    ENDED = "what was asked has ended"

    def _why_not(self, error: OSError) -> str:
        return f"cannot be asked: {why(error)}"


Ancillary = Sequence[tuple[int, int, bytes]]


def _asked(
    content: bytes, told: Ancillary, decoder: msgspec.msgpack.Decoder[Request]
) -> Asked[Request]:
    """The request that was sent; IndexError, OSError or of msgspec's where it makes no sense."""
    given = _descriptors(told)
    try:
        record = decoder.decode(content)
        there = _packets(given.pop())
    finally:
        for number in given:
            os.close(number)
    return Asked(record, _credentials(told), Reply(there))


def _credentials(told: Ancillary) -> int:
    """The sender's user, as the kernel knows it; nobody's where it does not say."""
    for level, kind, content in told:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(CREDENTIALS.unpack(content[: CREDENTIALS.size])[1])
    return -1


def _descriptors(told: Ancillary) -> list[int]:
    found = array.array("i")
    for level, kind, content in told:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(content[: len(content) // found.itemsize * found.itemsize])
    return found.tolist()


def _packets(number: int) -> socket.socket:
    """The Unix socket for packets of a descriptor, which is closed where it is anything else."""
    try:
        there = socket.socket(fileno=number)
    except OSError:
        with suppress(OSError):
            os.close(number)
        raise
    if (there.family, there.type) != (socket.AF_UNIX, socket.SOCK_SEQPACKET):
        there.close()
        raise OSError("not a Unix socket for packets")
    return there
