"""One device at its broker: windows out of the outbox, live news, and requests.

It owns no loop: `fds`, `ready`, `step` and `due_s` fit into any, so that a thousand devices can
be played in one process.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import NamedTuple

import msgspec

from edge.config import Config
from edge.live import Answer, PublisherDoor
from edge.messages import Health
from edge.outbox import Outbox
from edge.publish.commands import Commands, Hooks, Reply
from edge.publish.credentials import login, tls_context
from edge.publish.delivery import Delivery
from edge.publish.describe import describe
from edge.publish.discovery import Announcer
from edge.publish.facts import Totals, identify, outbox_facts, outbox_health
from edge.publish.link import Events, Identity, Link
from edge.publish.message import Message
from edge.publish.news import News
from edge.publish.topics import Topics

POLL_S = 0.5
"""How often the outbox is looked at."""

encode = msgspec.json.encode


class Surroundings(NamedTuple):
    """What a publisher is given by the process around it.

    `random` spreads reconnects, `blocking` surrounds what may block (connecting), `reread` reads
    the configuration again for the request `reload`.
    """

    random: Random
    blocking: Callable[[], AbstractContextManager[None]] = nullcontext
    reread: Callable[[], Config] | None = None


class Publisher:
    """Outbox and live door → broker; `now_s` is monotonic throughout.

    Raises ConfigError where credentials or certificates can't be read.
    """

    def __init__(
        self, config: Config, outbox: Outbox, door: PublisherDoor | None, around: Surroundings
    ) -> None:
        self._config, self._outbox, self._door, self._around = config, outbox, door, around
        self._now_s = 0.0
        self._stopped: int | None = None
        self._ending = False
        self.topics = Topics(config.device)
        self.news = News()
        self.totals = Totals()
        self.last_health: Health | None = None
        self.reload_asked = False
        self.delivery = Delivery(
            outbox,
            timeout_s=config.mqtt.timeout_s,
            refused_retry_s=config.mqtt.refused_retry_s,
            delivered=self.totals.add,
        )
        self.commands = Commands(self._hooks())
        self._announcer = Announcer(config, around.random)
        self.link = Link(
            config.mqtt,
            self._identity(),
            Events(self._connected, self.delivery.restart, self._received, self._answered),
            random=around.random,
            blocking=around.blocking,
        )

    def fds(self) -> list[tuple[int, int]]:
        """What to wait for: (file descriptor, poll events)."""
        found = [(self._door.fileno(), select.POLLIN)] if self._door else []
        fileno = self.link.fileno()
        if fileno is not None:
            out = select.POLLOUT if self.link.wants_write() else 0
            found.append((fileno, select.POLLIN | out))
        return found

    def ready(self, fileno: int, events: int, now_s: float) -> None:
        """Take what a descriptor has."""
        self._now_s = now_s
        if self._door is not None and fileno == self._door.fileno():
            self._take_news(self._door)
        elif fileno == self.link.fileno():
            readable = bool(events & ~select.POLLOUT)
            self.link.ready(now_s, readable=readable, writable=bool(events & select.POLLOUT))

    def step(self, now_s: float) -> None:
        """Do all that time asks for: connect, live news first, then the back-log."""
        self._now_s = now_s
        self.link.step(now_s)
        self.commands.step(now_s)
        if not self.link.up:
            return
        if self.delivery.is_stuck(now_s):
            self.link.drop("the broker acknowledges nothing", now_s)
            return
        if self._ending:
            return
        self._publish_news()
        self.delivery.fill(now_s, self._send_counts, self.link.max_in_flight)
        self._announce()

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` should be called again."""
        return min(POLL_S, self.link.due_s(now_s))

    def say_stopped(self) -> None:
        """Publish the clean end and nothing more; `stopped_is_known` tells when it is there."""
        self._ending = True
        self._stopped = self.link.publish(Message(self.topics.availability, b"stopped", 1, True))

    def stopped_is_known(self) -> bool:
        """Whether the broker acknowledged `stopped`."""
        return self._stopped is None

    def health(self) -> Health:
        """The whole health record, as it is now."""
        return self.news.full_health(self._now_s, time.time(), self._ours)

    def _identity(self) -> Identity:
        config = self._config
        requests = (self.topics.requests,) if config.commands.enabled else ()
        status = (f"{config.homeassistant.prefix}/status",) if config.homeassistant.enabled else ()
        return Identity(
            # A dot can't be in a site's or device's name: no two pairs make one id.
            client_id=f"agender.{config.device.site}.{config.device.name}",
            will=Message(self.topics.availability, b"offline", 1, True),
            login=login(config.mqtt),
            tls=tls_context(config.mqtt),
            subscriptions=requests + status,
        )

    def _hooks(self) -> Hooks:
        return Hooks(
            order=lambda order: self._door is not None and self._door.send(order),
            own={
                "identify": lambda: identify(self._config),
                "snapshot-health": lambda: msgspec.to_builtins(self.health()),
                "outbox": lambda: outbox_facts(self._outbox),
            },
            reply=self._reply,
            check=self._check,
            done=self._done,
        )

    def _connected(self) -> None:
        """On every connect: birth, info, and (as due again) discovery, state and health."""
        self.news.forget_published()
        self.link.publish(Message(self.topics.availability, b"online", 1, True))
        self._publish_info()
        self._announcer.connected(self._now_s)

    def _publish_info(self) -> None:
        info = describe(self._config, self.news.hello, time.time())
        self.link.publish(Message(self.topics.info, encode(info), 1, True))

    def _publish_news(self) -> None:
        state = self.news.due_state(self._now_s)
        if state is not None:
            self.link.publish(Message(self.topics.state, encode(state), 0, True))
        health = self.news.due_health(self._now_s, time.time(), self._ours)
        if health is not None:
            self.last_health = health
            self.link.publish(Message(self.topics.health, encode(health), 0, True))

    def _announce(self) -> None:
        if self.delivery.last is not None:
            self._announcer.window(self.delivery.last.window_s, self._now_s)
        message = self._announcer.due(self._now_s)
        if message is not None:
            self.link.publish(message)

    def _take_news(self, door: PublisherDoor) -> None:
        for record in door.receive():
            if isinstance(record, Answer):
                self.commands.answered(record)
            if self.news.take(record, self._now_s) and self.link.up:
                self._publish_info()

    def _send_counts(self, payload: bytes) -> int | None:
        return self.link.publish(Message(self.topics.counts, payload, 1))

    def _answered(self, message_id: int, refusal: str | None) -> None:
        if message_id == self._stopped:
            self._stopped = None
        self.delivery.answered(message_id, refusal, self._now_s)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._announcer.status_topic:
            self._announcer.status(payload, self._now_s)
        else:
            verb = self.topics.verb(topic)
            self.commands.handle(verb, payload, retained=retained, now_s=self._now_s)

    def _reply(self, reply: Reply) -> None:
        payload = encode(reply.response)
        self.link.publish(Message(self.topics.response(reply.verb), payload, 1))

    def _check(self, verb: str) -> None:
        """A configuration that can't be used must not end a device that runs."""
        if verb == "reload" and self._around.reread is not None:
            settings = self._around.reread().mqtt
            login(settings)
            tls_context(settings)

    def _done(self, verb: str) -> None:
        self.reload_asked = self.reload_asked or verb == "reload"

    def _ours(self) -> dict[str, float | int]:
        return outbox_health(self._outbox) | {"requests_refused": self.commands.refused}
