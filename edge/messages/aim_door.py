"""Both ends of the doors of `agender-edge aim`: to vision, and from a page to it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeAlias

import msgspec

from edge.closing import Closing
from edge.errors import why
from edge.messages.aim import AIM_SOCKET, ForPage, FromAim, FromPage, ToAim
from edge.messages.folders import PAGE
from edge.messages.request_door import Asked, RequestDoor, RequestLine

log = logging.getLogger("vision")

ROOT = 0

_from_aim: msgspec.msgpack.Decoder[FromAim] = msgspec.msgpack.Decoder(FromAim)
_to_aim: msgspec.msgpack.Decoder[ToAim] = msgspec.msgpack.Decoder(ToAim)
_from_page: msgspec.msgpack.Decoder[FromPage] = msgspec.msgpack.Decoder(FromPage)
_for_page: msgspec.msgpack.Decoder[ForPage] = msgspec.msgpack.Decoder(ForPage)


class AimDoor(RequestDoor[FromAim]):
    """Vision's end, made by the vision that has the live socket of this folder.

    The publisher, which may write into the folder too, is not to decide by what it lays there
    whether vision starts.
    """

    def __init__(self, runtime: str | Path) -> None:
        self.folder = Path(runtime).absolute()
        super().__init__(self.folder / AIM_SOCKET, _from_aim, 0o600)


class PageAimDoor(RequestDoor[FromPage]):
    """The end of an `aim` that shows to a browser: the page's group may send to it."""

    def __init__(self, runtime: str | Path) -> None:
        super().__init__(Path(runtime) / PAGE / AIM_SOCKET, _from_page, 0o660)


class ShutDoor(Closing):
    """In place of a door that could not be made: nobody is shown anything."""

    def __init__(self, runtime: str | Path) -> None:
        self.folder = Path(runtime).absolute()

    def receive(self) -> list[Asked[FromAim]]:
        """No request comes by it."""
        return []

    def close(self) -> None:
        """There is nothing to let go of."""


Door: TypeAlias = AimDoor | ShutDoor


def aim_door(runtime: str | Path) -> Door:
    """Vision's end; where it can't be made, one that is shut, said in the log: vision counts on."""
    try:
        return AimDoor(runtime)
    except (OSError, ValueError) as error:
        log.error("nobody can aim: paths.runtime = %s: %s", runtime, why(error))
        return ShutDoor(runtime)


class AimLine(RequestLine[ToAim]):
    """What asks vision, which ends showing once it is closed."""

    ENDED = "vision has ended, or ended showing"

    def __init__(self, runtime: str | Path, request: FromAim) -> None:
        """Ask the vision whose runtime folder this is."""
        super().__init__(Path(runtime) / AIM_SOCKET, request, _to_aim)

    def _why_not(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return "no vision is running there; start it first (agender-edge run, or the service)"
        if isinstance(error, PermissionError):
            return "only root, or the user of vision, may aim: sudo agender-edge aim"
        if isinstance(error, TimeoutError):
            return "vision takes no request; is it hanging? (agender-edge doctor)"
        return super()._why_not(error)


class PageAimLine(RequestLine[ForPage]):
    """What the page asks an `aim` that shows to browsers."""

    ENDED = "aiming has ended"

    def __init__(self, runtime: str | Path, request: FromPage) -> None:
        """Ask the one that runs on this device."""
        super().__init__(Path(runtime) / PAGE / AIM_SOCKET, request, _for_page)

    def _why_not(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return "nobody aims; begin it on the device: sudo agender-edge aim --page"
        return super()._why_not(error)
