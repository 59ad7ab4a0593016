"""A try of all that a device needs of its broker, with answers read, for the doctor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import msgspec

from edge.config.tables import Config
from edge.errors import ConfigError
from edge.messages.checking import sendable
from edge.messages.fields import timestamp
from edge.messages.messages import Response
from edge.outbox.claim import claim_delivery
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.client import Events
from edge.publish.connection import Connection
from edge.publish.device_info import fitting
from edge.publish.discovery import Announcer
from edge.publish.event_loop import step_connection
from edge.publish.identity import identity_of
from edge.publish.message import Message
from edge.publish.probe_words import (
    GIVEN_UP,
    KEPT,
    Told,
    forbidden,
    in_two,
    not_handed_back,
    too_long,
)
from edge.publish.topics import Topics

READ_BACK_S = 2.0
"""How long what is retained may take to come back."""


def probe(config: Config) -> list[Told]:
    """What is wrong with the broker, and what is given up for it; empty where all is well.

    Connects as the device does, with its id (where no publisher of it runs), will and topics. What
    it publishes is true and leaves nothing: `info` and discovery unretained, the oldest window that
    waits (a repeat, later), and `availability` retained, which is then put back as it was.
    """
    with ExitStack() as stack:
        try:
            if Path(config.paths.state).is_dir():
                claim_delivery(Path(config.paths.state), stack)
            alone = True
        except ConfigError:
            alone = False
        tried = _Probe(config, alone=alone)
        stack.callback(tried.connection.close)
        return list(tried.findings())


class _LostError(Exception):
    """The broker ended the connection, or is silent."""


class _Probe:
    """One connection, and what was heard over it."""

    def __init__(self, config: Config, *, alone: bool) -> None:
        self._config, self._topics = config, Topics(config)
        identity = identity_of(config)
        if not alone:  # a second client under one id would throw the device out
            identity = identity._replace(client_id=f"{identity.client_id}.doctor", will=None)
        self._wanted = set(identity.subscriptions)
        self._waiting: dict[int, str] = {}
        self._refused: dict[str, str] = {}
        self._retained: bytes | None = None
        events = Events(lambda: None, lambda: None, self._received, self._answered)
        self.connection = Connection(config.mqtt, identity, events, random=Random())

    def findings(self) -> Iterator[Told]:
        """All that is to be told, as it is found out."""
        try:
            self._connect()
            yield from self._subscribed()
            yield from self._retains()
            yield from self._takes_all()
        except _LostError:
            yield from self._why_lost()

    def _why_lost(self) -> Iterator[Told]:
        """What was under way when the connection ended says most, where the broker is silent."""
        said = self.connection.failure or "the broker does not answer"
        if self.connection.connects and not self.connection.explained:
            topic = next(iter(self._waiting.values()), self._topics.base + "/#")
            yield forbidden("write", topic, "it ends the connection")
        else:
            yield in_two(said)

    def _connect(self) -> None:
        """Try again only where the next attempt is another one: version, retain, QoS."""
        tried = set()
        while not self.connection.up:
            tried.add(self.connection.manner)
            self._until(lambda: self.connection.up or self._has_failed())
            if not self.connection.up and self.connection.manner in tried:
                raise _LostError
            if not self.connection.up:
                self._until(lambda: self.connection.up or self.connection.fileno() is not None)

    def _has_failed(self) -> bool:
        """An attempt is over: what was said of the one before stands until then."""
        return bool(self.connection.failure) and self.connection.fileno() is None

    def _subscribed(self) -> Iterator[Told]:
        asked = self.connection.subscriptions
        self._until(lambda: len(asked.granted) + len(asked.refused) == len(self._wanted))
        for topic, why in asked.refused.items():
            read_back = topic == self._topics.availability
            yield forbidden("read", topic, why, "note" if read_back else "bad")

    def _retains(self) -> Iterator[Told]:
        """A retained record comes back to a new subscription."""
        topic = self._topics.availability
        response = Response(time=timestamp(time.time()), transaction=None, status="ok")
        # Its answer comes behind what was retained before.
        self._send(self._topics.response("doctor"), msgspec.json.encode(response))
        before, self._retained = self._retained, None
        self._send(topic, before or b"stopped", retain=True)
        can = self.connection.abilities.retain and topic not in self._refused
        if can and topic in self.connection.subscriptions.granted:
            self.connection.subscribe(topic)
            end_s = time.monotonic() + READ_BACK_S
            self._until(lambda: self._retained is not None or time.monotonic() > end_s)
            if self._retained is None:
                yield not_handed_back(topic, answers=self.connection.manner[0] == "5")
        self._send(topic, before or b"", retain=True)

    def _takes_all(self) -> Iterator[Told]:
        """`info`, discovery and a window, as far as this broker allows for."""
        discovery = Announcer(self._config, Random()).message()
        if discovery is not None and self.connection.packet_limit.fits(discovery):
            self._send(discovery.topic, discovery.payload)
        info = fitting(self._config, None, self.connection, discovery)
        self._send(self._topics.info, msgspec.json.encode(info))
        yield from self._takes_a_window()
        yield from (forbidden("write", topic, why) for topic, why in self._refused.items())
        yield from (GIVEN_UP[name] for name in info.given_up)
        if not self.connection.abilities.delivers:
            yield KEPT

    def _takes_a_window(self) -> Iterator[Told]:
        file = Path(self._config.paths.state) / FILE_NAME
        if not (file.is_file() and self.connection.abilities.delivers):
            return
        with Outbox(file, owner=False) as outbox:
            for stored in outbox.peek(1):
                _, payload, _ = sendable(stored, self._config.space.keys, outbox.numbering())
                if self.connection.packet_limit.fits(Message(self._topics.counts, payload)):
                    self._send(self._topics.counts, payload)
                else:
                    yield too_long(len(payload))

    def _send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait for the answer."""
        message_id = self.connection.publish(Message(topic, payload, 1, retain))
        if message_id is not None and self.connection.abilities.qos:
            self._waiting[message_id] = topic
        self._until(lambda: not self._waiting)

    def _until(self, done: Callable[[], bool]) -> None:
        """Wait for something, `mqtt.timeout_s` at most."""
        was_up, end_s = self.connection.up, time.monotonic() + self._config.mqtt.timeout_s
        while not done():
            lost = was_up and not self.connection.up
            if lost or time.monotonic() > end_s:
                raise _LostError
            step_connection(self.connection, 0.05)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if retained and topic == self._topics.availability:
            self._retained = payload

    def _answered(self, message_id: int, refusal: str | None) -> None:
        topic = self._waiting.pop(message_id, "")
        if refusal and topic:
            self._refused[topic] = refusal
