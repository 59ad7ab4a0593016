"""The live sockets between vision and publisher: one small typed record a datagram, both ways.

Each side owns one Unix datagram socket in the runtime directory and sends to the other's. A
record says what is true now, so a lost one costs nothing: sending never blocks, never raises
where nobody listens, and what matters for good goes through the outbox instead.
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
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.closing import Closing
from edge.messages.fields import Amount, Name, Numbering, Sentence
from edge.messages.messages import CameraKind, Health, ModelInfo, State

log = logging.getLogger(__name__)

VISION_SOCKET = "vision.sock"
PUBLISHER_SOCKET = "publisher.sock"
MAX_BYTES = 65_536
"""A longer datagram is cut by the kernel and then refused as malformed."""
SAY_S = 600.0
_PATH_BYTES = 107  # sun_path in <sys/un.h>, less its closing zero
_ABSENT = (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ENOBUFS)


class Exposure(Struct, frozen=True, kw_only=True):
    """What vision found of its own process; None where it can't tell.

    Whether it can reach a network (an RTSP source needs it), reaches sockets of other programs,
    would leave a core dump, may have its memory swapped to a disk, has a limit on its memory.
    """

    network: bool | None = None
    sockets: bool | None = None
    core_dumps: bool | None = None
    swap: bool | None = None
    memory_limited: bool | None = None


class Hello(Struct, frozen=True, kw_only=True, tag="hello"):
    """vision → publisher: who vision is; sent at its start and then every few seconds.

    `camera_kind` is the source's scheme, never a path or an address. `epsilon_spent` is the day's
    privacy loss so far, None without noise. `aiming`: whether boxes are being shown to somebody.
    `places` differs where the zones and lines do that vision counts by.
    """

    boot: Name
    camera_kind: CameraKind
    models: Annotated[tuple[ModelInfo, ...], Meta(max_length=16)] = ()
    exposure: Exposure = Exposure()
    epsilon_spent: Amount | None = None
    aiming: bool = False
    places: Numbering | None = None


class StateNow(Struct, frozen=True, kw_only=True, tag="state"):
    """vision → publisher: who is in view; send it on every change, the publisher thins it out."""

    state: State


class HealthNow(Struct, frozen=True, kw_only=True, tag="health"):
    """vision → publisher: how vision is; the publisher adds what only it knows."""

    health: Health


class Answer(Struct, frozen=True, kw_only=True, tag="answer"):
    """vision → publisher: what became of an order; `error` is None where it was carried out."""

    id: int
    error: Sentence | None = None


class Order(Struct, frozen=True, kw_only=True, tag="order"):
    """publisher → vision: a command to carry out and to answer under the same `id`.

    `pause` closes the camera, `resume` opens it again, `window` sets the length (`length_s`),
    `reload` reads the configuration again.
    """

    id: int
    verb: Literal["pause", "resume", "window", "reload"]
    length_s: Annotated[float, Meta(ge=1, le=86_400)] | None = None


FromVision: TypeAlias = Hello | StateNow | HealthNow | Answer
FromPublisher: TypeAlias = Order

Heard = TypeVar("Heard", FromVision, FromPublisher)
Said = TypeVar("Said", FromVision, FromPublisher)

_encoder = msgspec.msgpack.Encoder()
_from_vision: msgspec.msgpack.Decoder[FromVision] = msgspec.msgpack.Decoder(FromVision)
_from_publisher: msgspec.msgpack.Decoder[FromPublisher] = msgspec.msgpack.Decoder(FromPublisher)


class _LiveSocket(Closing, Generic[Heard, Said]):
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
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
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


def bound(here: Path, *, mode: int) -> socket.socket:
    """A datagram socket at this path, which only whom `mode` lets write may send to; non-blocking.

    Raises ValueError where the path is too long or another process listens there.
    """
    if len(os.fsencode(here)) > _PATH_BYTES:
        raise ValueError(
            f"paths.runtime: {here.parent} is too long for a Unix socket; "
            f"at most {_PATH_BYTES - len(here.name) - 1} bytes"
        )
    here.parent.mkdir(parents=True, exist_ok=True)
    if _is_heard(here):
        raise ValueError(
            f"{here} belongs to a running process; end it, or choose another paths.runtime"
        )
    here.unlink(missing_ok=True)  # left by a process that was killed
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o777 & ~mode)  # so that nobody slips in before the mode is set
    try:
        made.bind(str(here))
    finally:
        os.umask(before)
    here.chmod(mode)
    return made


@contextmanager
def socket_folder(prefix: str) -> Iterator[Path]:
    """A folder for both sockets that goes with the block: where TMPDIR says, if that is short."""
    longest = Path(tempfile.gettempdir()) / f"{prefix}12345678" / PUBLISHER_SOCKET
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


class VisionSocket(_LiveSocket[FromPublisher, FromVision]):
    """Vision's end: tells what it sees, hears orders."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the runtime directory, made where missing."""
        folder = Path(runtime)
        super().__init__(folder / VISION_SOCKET, folder / PUBLISHER_SOCKET, _from_publisher)


class PublisherSocket(_LiveSocket[FromVision, FromPublisher]):
    """The publisher's end: hears what vision sees, gives orders."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the runtime directory, made where missing."""
        folder = Path(runtime)
        super().__init__(folder / PUBLISHER_SOCKET, folder / VISION_SOCKET, _from_vision)
