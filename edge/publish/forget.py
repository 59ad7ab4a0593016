"""The verb `forget`: take back what a device has retained at the broker."""

from __future__ import annotations

import time
from random import Random

from edge import log as logs
from edge.config import Config
from edge.errors import UserError
from edge.publish import discovery
from edge.publish.credentials import login, tls_context
from edge.publish.link import Events, Identity, Link
from edge.publish.message import Message
from edge.publish.topics import Topics
from edge.publish.turn import turn_link


def forget(config: Config) -> int:
    """Clear the device's retained messages and its entities in Home Assistant; the exit status.

    UserError where the broker isn't reached, or doesn't acknowledge, in `mqtt.timeout_s`.
    """
    logs.set_up(config.log.level)
    eraser = _Eraser(config)
    end_s = time.monotonic() + config.mqtt.timeout_s
    while not eraser.is_done() and time.monotonic() < end_s:
        turn_link(eraser.link, 0.05)
    eraser.link.close()
    reason = eraser.failure()
    if reason:
        broker = f"{config.mqtt.host}:{config.mqtt.port}"
        raise UserError(f"the broker {broker} has not forgotten all: {reason}")
    print(f"the broker has forgotten {eraser.topics.base}")
    return 0


class _Eraser:
    """Publishes an empty retained message to each topic, which is how MQTT clears one."""

    def __init__(self, config: Config) -> None:
        self.topics = Topics(config.device)
        self._topics = (*self.topics.retained, discovery.topic(config))
        self._waiting: set[int] = set()
        self._refusals: list[str] = []
        # Not the device's own id: it would throw the device out.
        client_id = f"agender-forget.{config.device.site}.{config.device.name}"
        who = Identity(client_id, None, login(config.mqtt), tls_context(config.mqtt))
        events = Events(self._connected, lambda: None, lambda *_: None, self._answered)
        self.link = Link(config.mqtt, who, events, random=Random())

    def is_done(self) -> bool:
        """Whether the broker has answered for every topic."""
        return self.link.connects > 0 and not self._waiting

    def failure(self) -> str:
        """Why something is still there; empty where nothing is."""
        if self._refusals:
            return self._refusals[0]
        return "" if self.is_done() else self.link.trouble or "it does not acknowledge"

    def _connected(self) -> None:
        ids = [self.link.publish(Message(topic, b"", 1, True)) for topic in self._topics]
        self._waiting = {message_id for message_id in ids if message_id is not None}

    def _answered(self, message_id: int, refusal: str | None) -> None:
        self._waiting.discard(message_id)
        if refusal:
            self._refusals.append(refusal)
