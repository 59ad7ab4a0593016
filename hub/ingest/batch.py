"""Messages that are not stored yet, each once, with all by which the broker waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.ingest.source import Message
from hub.message import Refused, Window, read, refused

Key = tuple[str, str, str, int] | str


@dataclass(slots=True)
class Taken:
    """A window or a refused message, and the messages that brought it, one or more."""

    what: Window | Refused
    messages: list[Message] = field(default_factory=list)


class Batch:
    """What comes again while it waits here, after a broken connection say, is here once."""

    def __init__(self) -> None:
        self._held: dict[Key, Taken] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Taken]:
        return iter(self._held.values())

    def take(self, message: Message) -> None:
        """Judge a message and keep it; of one key the first is kept, as in the store."""
        what = read(message.topic, message.payload)
        taken = self._held.setdefault(key_of(what), Taken(what))
        # A number of an earlier connection is of no more use, and one that comes again is one.
        others = [
            one
            for one in taken.messages
            if one.connection == message.connection and one.number != message.number
        ]
        taken.messages = [*others, message]

    def remove(self, stored: list[Taken]) -> None:
        """Forget what is in the store."""
        for taken in stored:
            self._held.pop(key_of(taken.what), None)

    def refuse(self, taken: Taken, reason: str) -> None:
        """A window that the store can't hold becomes a refused message."""
        self._held.pop(key_of(taken.what), None)
        message = taken.messages[-1]
        taken.what = refused(message.topic, message.payload, f"store: {reason}")
        self._held[key_of(taken.what)] = taken


def key_of(what: Window | Refused) -> Key:
    """What it is known by for ever."""
    if isinstance(what, Refused):
        return what.digest
    return what.site, what.device, what.counts.numbering, what.counts.seq
