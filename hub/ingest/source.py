"""Where messages come from: what an ingestor asks of a broker's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from hub.ingest.settings import Settings


class Message(NamedTuple):
    """A message as it came; `connection` and `number` are what it is acknowledged by.

    While it is not acknowledged, no other message has its number on this connection.
    """

    topic: str
    payload: bytes
    connection: int
    number: int


Take = Callable[[Message], None]


class Source(Protocol):
    """Hands each message to what it was made with; one thread does all of it."""

    @property
    def listens(self) -> bool:
        """Whether the broker hands messages on."""

    def turn(self, timeout_s: float) -> None:
        """Hear what comes, for so long at most; BrokerError where the broker refuses for good."""

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are stored."""

    def close(self) -> None:
        """Leave the broker, which keeps what is not acknowledged."""


Connect = Callable[[Settings, Take], Source]
