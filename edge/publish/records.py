"""What a device says of itself and of now: it is there, what it is, what it sees, how it fares."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from edge.config.tables import Config
from edge.messages.messages import Health
from edge.publish.audit_news import AuditNews
from edge.publish.availability import ONLINE, Availability
from edge.publish.connection import Connection
from edge.publish.device_info import fitting
from edge.publish.discovery import Announcer
from edge.publish.live_state import LiveState
from edge.publish.message import Message
from edge.publish.outgoing import Outgoing
from edge.publish.page_door import PageDoor
from edge.publish.topics import Topics

log = logging.getLogger("publisher")

NO_QOS_1 = (
    "the broker takes no QoS 1, without which some get lost; let it, or accept that by mqtt.qos = 0"
)
INFO_S = 1.0
"""Between two `info` that vision asks for by what it says of itself."""
Figures = dict[str, float | int | None]


class Ways(NamedTuple):
    """Where records go: to the broker, and to the page of this machine, where there is one."""

    connection: Connection
    topics: Topics
    page: PageDoor | None


class Records:
    """Publishes them when they are due, or new; `now_s` is monotonic."""

    def __init__(
        self,
        config: Config,
        ways: Ways,
        live: LiveState,
        announcer: Announcer,
        ours: Callable[[], Figures],
    ) -> None:
        """`ours` are the figures of health that vision does not know."""
        self._config, self._ways, self._live, self._ours = config, ways, live, ours
        self._announcer = announcer
        self._outgoing = Outgoing()
        self._audit = AuditNews(config)
        self._said_given_up: tuple[str, ...] = ()
        self.info_due = False
        self._info_s = -math.inf
        self.availability = Availability()
        self.last_health: Health | None = None

    def publish(self, topic: str, record: Struct, qos: int, *, retain: bool) -> None:
        """Encode and send it."""
        payload = self._outgoing.encode(record)
        if payload is not None:
            self._send(Message(topic, payload, qos, retain))

    def connected(self) -> None:
        """On every connect: the birth, and no state where none is to be told."""
        self._live.forget_published()
        self.availability.connected()
        self._online()
        if not self._config.privacy.live:  # what was retained before it was switched off
            self._send(Message(self._ways.topics.state, b"", 1, True))

    def step(self, now_s: float) -> None:
        """Repeat what somebody overwrote; tell what is new."""
        if self.availability.due(now_s):
            self._online()
        if self._audit.changed(now_s):
            self.info(now_s)
        self.live(now_s)

    def may_tell_info(self, now_s: float) -> bool:
        """Whether it is due for what vision says of itself, which may be something else each time.

        It is the longest record by far.
        """
        return self.info_due and now_s - self._info_s >= INFO_S

    def info(self, now_s: float) -> None:
        """What the device is, and what of it this broker makes impossible."""
        self.info_due, self._info_s = False, now_s
        self._audit.changed(now_s)
        connection = self._ways.connection
        announcement, hello = self._announcer.message(), self._live.hello
        info = fitting(self._config, hello, connection, announcement, self._audit.told)
        if info.given_up != self._said_given_up:
            self._said_given_up = info.given_up
            log.warning("given up for this broker: %s", ", ".join(info.given_up) or "nothing")
            if not connection.abilities.delivers:
                log.error("windows are kept: %s", NO_QOS_1)
        self.publish(self._ways.topics.info, info, 1, retain=True)

    def live(self, now_s: float) -> None:
        """State and health, as they are due; the page hears them while no broker is there, too."""
        state = self._live.due_state(now_s) if self._config.privacy.live else None
        if state is not None:
            self.publish(self._ways.topics.state, state, 0, retain=True)
        health = self._live.due_health(now_s, time.time(), self._ours)
        if health is not None:
            self.last_health = health
            self.publish(self._ways.topics.health, health, 0, retain=True)
        if self._ways.page:
            self._ways.page.tell(state=state, health=health)

    def last_state(self) -> None:
        """The last one goes out however short a time after another: it stays retained."""
        last = self._live.untold_state()
        if last is not None and self._config.privacy.live:
            self.publish(self._ways.topics.state, last, 0, retain=True)

    def announce(self, now_s: float) -> None:
        """To Home Assistant, where that is due and the broker takes a packet of its length."""
        message = self._announcer.due(now_s)
        if message is not None and self._ways.connection.packet_limit.fits(message):
            self._send(message)
            if not self._ways.connection.abilities.retain:  # who hears this missed the birth
                self._send(Message(self._ways.topics.availability, ONLINE))

    def _online(self) -> None:
        self._send(Message(self._ways.topics.availability, ONLINE, 1, True))

    def _send(self, message: Message) -> None:
        self._ways.connection.publish(message)
