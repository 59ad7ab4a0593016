"""The live sockets between vision and publisher: one small typed record a datagram, both ways.

Each side owns one socket in the runtime directory (`edge.messages.record_socket`). What matters for
good goes through the outbox instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from edge.messages.fields import Amount, Name, Numbering, Sentence
from edge.messages.messages import CameraKind, Health, ModelInfo, State
from edge.messages.record_socket import RecordSocket

VISION_SOCKET = "vision.sock"
PUBLISHER_SOCKET = "publisher.sock"


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

_from_vision: msgspec.msgpack.Decoder[FromVision] = msgspec.msgpack.Decoder(FromVision)
_from_publisher: msgspec.msgpack.Decoder[FromPublisher] = msgspec.msgpack.Decoder(FromPublisher)


class VisionSocket(RecordSocket[FromPublisher, FromVision]):
    """Vision's end: tells what it sees, hears orders."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the runtime directory, made where missing."""
        folder = Path(runtime)
        super().__init__(folder / VISION_SOCKET, folder / PUBLISHER_SOCKET, _from_publisher)


class PublisherSocket(RecordSocket[FromVision, FromPublisher]):
    """The publisher's end: hears what vision sees, gives orders."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the runtime directory, made where missing."""
        folder = Path(runtime)
        super().__init__(folder / PUBLISHER_SOCKET, folder / VISION_SOCKET, _from_vision)
