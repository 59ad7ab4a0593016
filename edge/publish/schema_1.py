"""What this device left at the broker under schema 1 is taken back."""

from __future__ import annotations

from edge.outbox import table
from edge.outbox.outbox import Outbox
from edge.publish.connection import Connection
from edge.publish.message import Message


class TakingBack:
    """Clears what was retained before the outbox was converted from schema 1.

    Tried a few times only: a broker may close the connection over a topic that it forbids.
    """

    def __init__(self, outbox: Outbox, topics: tuple[str, ...]) -> None:
        self._outbox, self._topics = outbox, topics
        self._waiting: set[int] = set()

    def connected(self, connection: Connection) -> None:
        """Send it, where tries are left."""
        tries = self._outbox.kept(table.SCHEMA_1_RETAINED)
        if tries:
            self._outbox.keep(table.SCHEMA_1_RETAINED, tries - 1)
            sent = [connection.publish(Message(topic, b"", 1, True)) for topic in self._topics]
            self._waiting = {message_id for message_id in sent if message_id is not None}

    def answered(self, message_id: int) -> None:
        """The broker acknowledged a message; once it has all of these, it is done for good."""
        if message_id in self._waiting:
            self._waiting.discard(message_id)
            if not self._waiting:
                self._outbox.keep(table.SCHEMA_1_RETAINED, 0)
