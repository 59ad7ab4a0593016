"""The verb `forget`: take back what a device has retained at the broker."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from edge import log as logs
from edge.config.tables import Config
from edge.errors import UserError
from edge.publish import discovery
from edge.publish.availability import ONLINE
from edge.publish.client import Events, Identity
from edge.publish.connection import Connection
from edge.publish.credentials import login, tls_context
from edge.publish.event_loop import step_connection
from edge.publish.message import Message
from edge.publish.topics import Topics

READ_BACK_S = 2.0
"""How long a broker may take to hand over what is still retained: it hands over nothing else."""


def forget(config: Config) -> int:
    """Clear the device's retained messages and its entities in Home Assistant; the exit status.

    At every broker. UserError where one isn't reached, or doesn't acknowledge, in `mqtt.timeout_s`,
    where the device is running, and where something is still there afterwards: brokers that speak
    MQTT 3.1.1 acknowledge what their access list forbids.
    """
    logs.set_up(config.log.level)
    brokers = [replace(config, mqtt=config.mqtt.at(to)) for to in config.mqtt.endpoints]
    reasons = [reason for reason in map(_forget, brokers) if reason]
    if reasons:
        raise UserError("; ".join(reasons))
    return 0


def _forget(config: Config) -> str:
    """At one broker; why it has not forgotten all, empty where it has."""
    eraser = _Eraser(config)
    try:
        reason = eraser.erase(config.mqtt.timeout_s)
    finally:
        eraser.connection.close()
    if reason:
        return f"the broker {config.mqtt.endpoint} has not forgotten all: {reason}"
    print(f"the broker {config.mqtt.endpoint} has forgotten {eraser.topics.base}")
    return ""


class _Eraser:
    """Publishes an empty retained message to each topic, which is how MQTT clears one."""

    def __init__(self, config: Config) -> None:
        self.topics = Topics(config)
        announced = discovery.topic(config)
        self._topics = (*self.topics.retained, announced)
        # What a device may read, too, by our access list.
        self._readable = (self.topics.availability, self.topics.totals, announced)
        self._waiting: set[int] = set()
        self._refusals: list[str] = []
        self._left: dict[str, bytes] = {}
        # Not the device's own id: it would throw the device out.
        client_id = f"agender-forget.{config.device.site}.{config.device.name}"
        who = Identity(client_id, None, login(config.mqtt), tls_context(config.mqtt))
        events = Events(self._connected, lambda: None, self._received, self._answered)
        self.connection = Connection(config.mqtt, who, events, random=Random())

    def erase(self, timeout_s: float) -> str:
        """Clear all and read it back; why something is still there, empty where nothing is."""
        self._until(lambda: self.connection.connects > 0 and not self._waiting, timeout_s)
        if self._refusals:
            return self._refusals[0]
        if not self.connection.connects or self._waiting:
            return self.connection.failure or "it does not acknowledge"
        self._read_back(timeout_s)
        if self._left.get(self.topics.availability) == ONLINE:
            return "the device is running and says that it is there; stop it first"
        return f"{min(self._left)} is still there; may this user write it?" if self._left else ""

    def _read_back(self, timeout_s: float) -> None:
        """Hear what is retained on those of the topics that a device may read."""
        for topic in self._readable:
            self.connection.subscribe(topic)
        asked = self.connection.subscriptions
        answers = len(self._readable)
        self._until(lambda: len(asked.granted) + len(asked.refused) >= answers, timeout_s)
        self._until(lambda: False, READ_BACK_S)

    def _until(self, done: Callable[[], bool], most_s: float) -> None:
        end_s = time.monotonic() + most_s
        while not done() and time.monotonic() < end_s:
            step_connection(self.connection, 0.05)

    def _connected(self) -> None:
        ids = [self.connection.publish(Message(topic, b"", 1, True)) for topic in self._topics]
        self._waiting = {message_id for message_id in ids if message_id is not None}

    def _received(self, topic: str, payload: bytes, _retained: bool) -> None:
        if payload and topic in self._topics:
            self._left[topic] = payload
        else:
            self._left.pop(topic, None)

    def _answered(self, message_id: int, refusal: str | None) -> None:
        self._waiting.discard(message_id)
        if refusal:
            self._refusals.append(refusal)
