"""The sockets between publisher and page: what the broker is told, told here too; and a pause.

The page hears nothing that the publisher does not tell the broker, or would were it there. It asks
again and again to be told; a publisher that is not asked sends nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from edge.messages.fields import Sentence
from edge.messages.folders import PAGE
from edge.messages.messages import Guarantees, Health, ModelInfo, State
from edge.messages.record_socket import RecordSocket

PAGE_SOCKET = "page.sock"
PUBLISHER_SOCKET = "publisher.sock"


class Told(Struct, frozen=True, kw_only=True, tag="told"):
    """publisher → page: the last `state`, `health` and parts of `info`; None: not told."""

    state: State | None = None
    health: Health | None = None
    models: tuple[ModelInfo, ...] = ()
    guarantees: Guarantees | None = None
    connected: bool = False
    """Whether the broker is reached."""


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """publisher → page: what became of what it asked for; `error` is None where it was done."""

    id: int
    error: Sentence | None = None


class Reloaded(Struct, frozen=True, kw_only=True, tag="reloaded"):
    """publisher → page: the configuration is to be read anew."""


class Ask(Struct, frozen=True, kw_only=True, tag="ask"):
    """page → publisher: `tell` for the time being, or close the camera, or open it again."""

    id: int
    verb: Literal["tell", "pause", "resume"]


ToPage: TypeAlias = Told | Done | Reloaded

_to_page: msgspec.msgpack.Decoder[ToPage] = msgspec.msgpack.Decoder(ToPage)
_to_publisher: msgspec.msgpack.Decoder[Ask] = msgspec.msgpack.Decoder(Ask)


class PageSocket(RecordSocket[ToPage, Ask]):
    """The page's end: hears what is told, asks."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the page's folder of the runtime directory, made where missing."""
        folder = Path(runtime) / PAGE
        super().__init__(folder / PAGE_SOCKET, folder / PUBLISHER_SOCKET, _to_page)


class TellingSocket(RecordSocket[Ask, ToPage]):
    """The publisher's end: tells, and hears what is asked."""

    def __init__(self, runtime: str | Path) -> None:
        """Bind in the page's folder of the runtime directory, made where missing."""
        folder = Path(runtime) / PAGE
        super().__init__(folder / PUBLISHER_SOCKET, folder / PAGE_SOCKET, _to_publisher)
