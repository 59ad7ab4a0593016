"""One device at its broker: windows out of the outbox, live news, and requests.

It owns no loop: `fds`, `ready`, `step` and `due_s` fit into any, so that a thousand devices can
be played in one process.
"""

from __future__ import annotations

import platform
import resource
import select
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random

import msgspec

from edge import __version__
from edge.config import Config
from edge.live import Answer, Order, PublisherDoor
from edge.messages import Health
from edge.outbox import Outbox
from edge.publish.commands import Commands, Reply, Result
from edge.publish.credentials import login, tls_context
from edge.publish.delivery import Delivery
from edge.publish.describe import describe
from edge.publish.link import Events, Identity, Link, Message
from edge.publish.news import News
from edge.publish.topics import Topics

POLL_S = 0.5
"""How often the outbox is looked at."""

encode = msgspec.json.encode


class Publisher:
    """Outbox and live door → broker.

    `now_s` is monotonic throughout; `blocking` surrounds what may block (connecting).
    Raises ConfigError where credentials can't be read.
    """

    def __init__(
        self,
        config: Config,
        outbox: Outbox,
        door: PublisherDoor | None,
        random: Random,
        blocking: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._config, self._outbox, self._door = config, outbox, door
        self.topics = Topics(config.device)
        self.news = News()
        settings = config.mqtt
        self.delivery = Delivery(
            outbox, timeout_s=settings.timeout_s, refused_retry_s=settings.refused_retry_s
        )
        self._now_s = 0.0
        self._stopped: int | None = None
        self.commands = Commands(
            order=self._order,
            own={"identify": self._identify, "snapshot-health": self._snapshot,
                 "outbox": self._outbox_facts},
            reply=self._reply,
        )  # fmt: skip
        self.link = Link(
            settings,
            Identity(
                client_id=f"agender-{config.device.site}-{config.device.name}",
                will=Message(self.topics.availability, b"offline", qos=1, retain=True),
                login=login(settings),
                tls=tls_context(settings),
                subscriptions=self._subscriptions(),
            ),
            Events(self._connected, self.delivery.restart, self._received, self._answered),
            random=random,
            blocking=blocking,
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
            self._take_news()
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
        self._publish_news()
        self.delivery.fill(now_s, self._send_counts, self.link.max_in_flight)

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` should be called again."""
        return min(POLL_S, self.link.due_s(now_s))

    def say_stopped(self) -> None:
        """Publish the clean end; `stopped_is_known` tells when the broker has it."""
        self._stopped = self.link.publish(Message(self.topics.availability, b"stopped", 1, True))

    def stopped_is_known(self) -> bool:
        """Whether the broker acknowledged `stopped`."""
        return self._stopped is None

    def health(self) -> Health:
        """The whole health record, as it is now."""
        return self.news.full_health(self._now_s, time.time(), self._own_health)

    def _subscriptions(self) -> tuple[str, ...]:
        return (self.topics.requests,) if self._config.commands.enabled else ()

    def _connected(self) -> None:
        """On every connect: birth, info, and (as due again) state and health."""
        self.news.forget_published()
        self.link.publish(Message(self.topics.availability, b"online", 1, True))
        self._publish_info()

    def _publish_info(self) -> None:
        info = describe(self._config, self.news.hello, time.time())
        self.link.publish(Message(self.topics.info, encode(info), 1, True))

    def _publish_news(self) -> None:
        state = self.news.due_state(self._now_s)
        if state is not None:
            self.link.publish(Message(self.topics.state, encode(state), 0, True))
        health = self.news.due_health(self._now_s, time.time(), self._own_health)
        if health is not None:
            self.link.publish(Message(self.topics.health, encode(health), 0, True))

    def _take_news(self) -> None:
        assert self._door is not None
        for record in self._door.receive():
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
        verb = self.topics.verb(topic)
        self.commands.handle(verb, payload, retained=retained, now_s=self._now_s)

    def _reply(self, reply: Reply) -> None:
        payload = encode(reply.response)
        self.link.publish(Message(self.topics.response(reply.verb), payload, 1))

    def _order(self, order: Order) -> bool:
        return self._door is not None and self._door.send(order)

    def _own_health(self) -> dict[str, float | int]:
        return {
            "publisher_memory_mb": memory_mb(),
            "outbox_depth": self._outbox.depth(),
            "outbox_dropped": self._outbox.dropped(),
            "outbox_set_aside": self._outbox.kept("set_aside"),
            "requests_refused": self.commands.refused,
        }

    def _identify(self) -> Result:
        device = self._config.device
        return {
            "site": device.site,
            "device": device.name,
            "version": __version__,
            "host": platform.node(),
            "machine": platform.machine(),
        }

    def _snapshot(self) -> Result:
        snapshot: Result = msgspec.to_builtins(self.health())
        return snapshot

    def _outbox_facts(self) -> Result:
        oldest = self._outbox.peek(1)
        return {
            "depth": self._outbox.depth(),
            "oldest_seq": oldest[0].seq if oldest else None,
            "oldest_start": oldest[0].start if oldest else None,
            "dropped": self._outbox.dropped(),
            "set_aside": self._outbox.kept("set_aside"),
        }


def memory_mb() -> float:
    """This process's resident memory, in 10^6 bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - every few seconds
        pages = int(file.read().split()[1])
    return pages * resource.getpagesize() / 1e6
