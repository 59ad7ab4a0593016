"""What the page is told: the records that are published, handed on as they are; and what it asks.

Nothing is made or sent while no page asks to be told.
"""

from __future__ import annotations

import logging
import math
import time

import msgspec

from edge.config.tables import Config
from edge.errors import why
from edge.messages.live import Hello
from edge.messages.messages import Health, State
from edge.messages.page import Ask, Done, Reloaded, TellingSocket, Told
from edge.publish.commands import Answered, Commands
from edge.publish.device_info import guarantees

log = logging.getLogger("page")

LEASE_S = 30.0
"""A page that has not asked to be told for so long is taken to be gone."""


class PageDoor:
    """The last of what was told, and the socket of who may hear it too."""

    def __init__(self, config: Config, socket: TellingSocket) -> None:
        self._config, self._socket = config, socket
        self._asked_s = -math.inf
        self._told = Told(guarantees=guarantees(config, None))
        self.fileno = socket.fileno

    def listens(self, now_s: float) -> bool:
        """Whether a page asked to be told lately."""
        return now_s - self._asked_s <= LEASE_S

    def take(self, commands: Commands, now_s: float) -> None:
        """Tell, and hand on, what the page asks for."""
        found = self._socket.receive()
        if any(ask.verb == "tell" for ask in found):
            self._asked_s = now_s
            self._socket.send(self._told)
        for ask in found:
            if ask.verb != "tell":
                reply = self._answer(ask)
                commands.handle(ask.verb, b"", retained=False, now_s=now_s, reply=reply)

    def _answer(self, ask: Ask) -> Answered:
        return lambda reply: self._socket.send(Done(id=ask.id, error=reply.response.error))

    def tell(self, *, state: State | None = None, health: Health | None = None) -> None:
        """What is published, or would be were the broker there."""
        changes = {"state": state, "health": health}
        self._change({name: record for name, record in changes.items() if record is not None})

    def connected(self, connected: bool) -> None:
        """Whether the broker is reached."""
        if connected != self._told.connected:
            self._change({"connected": connected})

    def vision_is(self, hello: Hello | None) -> None:
        """Of `info`: what vision runs, and what is guaranteed of it."""
        models = hello.models if hello else ()
        self._change({"models": models, "guarantees": guarantees(self._config, hello)})

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def reloaded(self) -> None:
        """The configuration is about to be read anew."""
        self._socket.send(Reloaded())

    def _change(self, changes: dict[str, object]) -> None:
        if changes:
            self._told = msgspec.structs.replace(self._told, **changes)
            if self.listens(time.monotonic()):
                self._socket.send(self._told)


def page_door(config: Config) -> PageDoor | None:
    """Where `page.enabled`; where its socket can't be made, windows are delivered without it."""
    if not config.page.enabled:
        return None
    try:
        return PageDoor(config, TellingSocket(config.paths.runtime))
    except (OSError, ValueError) as error:
        log.error("the page is told nothing: paths.runtime = %s: %s", config.paths.runtime,
                  why(error))  # fmt: skip
        return None
