"""What a connection listens to, and what the broker says to that."""

from __future__ import annotations

import logging

from paho.mqtt.client import Client
from paho.mqtt.reasoncodes import ReasonCode

from edge.publish.refusal import explain

log = logging.getLogger("mqtt")


class Subscriptions:
    """The topics of one connection: asked for, granted or refused."""

    def __init__(self) -> None:
        self._asked: dict[int, str] = {}
        self.granted: set[str] = set()
        self.refused: dict[str, str] = {}
        """Topic → why."""

    def ask(self, client: Client, topic: str) -> None:
        """Subscribe at QoS 1; where it was before, what is retained is sent once more."""
        _, message_id = client.subscribe(topic, qos=1)
        self.granted.discard(topic)
        if message_id is not None:
            self._asked[message_id] = topic

    def answered(self, message_id: int, reasons: list[ReasonCode]) -> None:
        """The broker answered one; each holds one topic."""
        topic = self._asked.pop(message_id, "?")
        for reason in reasons:
            if reason.is_failure:
                self.refused[topic] = explain(reason)
                log.warning("the subscription to %s is refused: %s", topic, explain(reason))
            else:
                self.granted.add(topic)
