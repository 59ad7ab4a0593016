"""One device at its broker: windows out of the outbox, live state, and requests.

It owns no loop: `fds`, `ready`, `step` and `due_s` fit into any, so that a thousand devices can
be played in one process.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import NamedTuple

import msgspec

from edge.config.tables import Config
from edge.messages.counts import CountsHead
from edge.messages.live import Answer, Hello, PublisherSocket
from edge.messages.messages import Health
from edge.outbox.outbox import Outbox
from edge.publish.client import Events
from edge.publish.commands import Commands, Hooks, Reply
from edge.publish.connection import Connection
from edge.publish.delivery import Delivery
from edge.publish.discovery import Announcer
from edge.publish.identity import identity_of
from edge.publish.live_state import LiveState
from edge.publish.message import Message
from edge.publish.own_status import PeopleDelivered, identify, outbox_facts, outbox_health
from edge.publish.page_door import PageDoor
from edge.publish.records import Figures, Records, Ways
from edge.publish.reload import Reload
from edge.publish.schema_1 import TakingBack
from edge.publish.topics import Topics
from edge.publish.totals import TotalsNews

POLL_S = 0.5
"""How often the outbox is looked at."""

Remember = Callable[[Sequence[CountsHead]], object]
"""Takes windows that are about to leave the outbox into the history."""


class Surroundings(NamedTuple):
    """What a publisher is given by the process around it.

    `random` spreads reconnects, `blocking` surrounds what may block (connecting), `reread` reads
    the configuration again for the request `reload`; `just_reloaded` says that it just was.
    `remember` is given windows before they leave the outbox, the same ones again where that fails.
    `page` is who hears on this machine what the broker is told.
    """

    random: Random
    blocking: Callable[[], AbstractContextManager[None]] = nullcontext
    reread: Callable[[], Config] | None = None
    just_reloaded: bool = False
    remember: Remember = lambda _windows: None
    page: PageDoor | None = None


class Publisher:
    """Outbox and live socket → broker; `now_s` is monotonic throughout.

    Raises ConfigError where credentials or certificates can't be read.
    """

    def __init__(
        self, config: Config, outbox: Outbox, live: PublisherSocket | None, around: Surroundings
    ) -> None:
        self._config, self._outbox, self._live, self._around = config, outbox, live, around
        self._page = around.page
        self._now_s = 0.0
        self._stopped: int | None = None
        self._ending = False
        self.topics = Topics(config)
        self._taking_back = TakingBack(outbox, self.topics.schema_1_retained)
        self.live_state = LiveState(config.health.every_s, config.privacy)
        self.delivered = PeopleDelivered()
        self._totals = TotalsNews(config, outbox, self.topics.totals)
        self.reload = Reload(config, around.reread)
        self.delivery = Delivery(
            outbox,
            refused_retry_s=config.mqtt.refused_retry_s,
            places=config.space.keys,
            delivered=self.delivered.add,
            remove=self._leave,
        )
        self.commands = Commands(
            self._hooks(), allowed=config.commands.verbs, just_reloaded=around.just_reloaded
        )
        self._announcer = Announcer(config, around.random)
        self.connection = Connection(
            config.mqtt,
            identity_of(config),
            Events(self._connected, self.delivery.restart, self._received, self._answered),
            random=around.random,
            blocking=around.blocking,
        )
        ways = Ways(self.connection, self.topics, self._page)
        self._records = Records(config, ways, self.live_state, self._announcer, self._ours)

    @property
    def last_health(self) -> Health | None:
        """As last published."""
        return self._records.last_health

    def fds(self) -> list[tuple[int, int]]:
        """What to wait for: (file descriptor, poll events)."""
        found = [(self._live.fileno(), select.POLLIN)] if self._live else []
        if self._page:
            found.append((self._page.fileno(), select.POLLIN))
        fileno = self.connection.fileno()
        if fileno is not None:
            out = select.POLLOUT if self.connection.wants_write() else 0
            found.append((fileno, select.POLLIN | out))
        return found

    def ready(self, fileno: int, events: int, now_s: float) -> None:
        """Take what a descriptor has."""
        self._now_s = now_s
        if self._live is not None and fileno == self._live.fileno():
            self._take_live(self._live)
        elif self._page is not None and fileno == self._page.fileno():
            self._page.take(self.commands, self._now_s)
        elif fileno == self.connection.fileno():
            readable = bool(events & ~select.POLLOUT)
            self.connection.ready(now_s, readable=readable, writable=bool(events & select.POLLOUT))

    def step(self, now_s: float) -> None:
        """Do all that time asks for: connect, live state first, then the back-log."""
        self._now_s = now_s
        self.connection.step(now_s)
        self.commands.step(now_s)
        if self._page:
            self._page.connected(self.connection.up)
        if self._ending:
            return
        if not self.connection.up:
            if self._page and self._page.listens(self._now_s):
                self._records.live(self._now_s)  # to the page alone
            return
        self._records.step(self._now_s)
        self._tell_info()
        self._announce()
        self._deliver()
        self._totals.publish_due(self.connection, self._now_s, self.delivery.is_done)

    def _deliver(self) -> None:
        can = self.connection.abilities
        if can.delivers:
            room = self.connection.room()
            self.delivery.fill(self._now_s, self._send_counts, room, acknowledged=can.qos > 0)

    def _leave(self, windows: Sequence[CountsHead]) -> bool:
        self._around.remember(windows)
        return self._totals.remove(windows)

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` should be called again."""
        return min(POLL_S, self.connection.due_s(now_s))

    def say_stopped(self) -> None:
        """Publish the clean end and nothing more; `stopped_is_known` tells when it is there.

        The last state goes before it, however short a time after another one: it stays retained.
        So does the last record of the sums, of all that was acknowledged until now.
        """
        self._ending = True
        if self._live is not None:
            self._take_live(self._live)
        self._records.last_state()
        self.delivery.settle()
        self._totals.publish_due(self.connection, self._now_s, lambda: True)
        self._stopped = self.connection.publish(
            Message(self.topics.availability, b"stopped", 1, True)
        )
        if not self.connection.abilities.qos:
            self._stopped = None  # nothing is acknowledged

    def stopped_is_known(self) -> bool:
        """Whether the broker acknowledged `stopped`."""
        return self._stopped is None

    def health(self) -> Health:
        """The whole health record, as it is now."""
        return self.live_state.full_health(self._now_s, time.time(), self._ours)

    def _hooks(self) -> Hooks:
        return Hooks(
            order=lambda order: self._live is not None and self._live.send(order),
            own={
                "identify": lambda: identify(self._config),
                "snapshot-health": lambda: msgspec.to_builtins(self.health()),
                "outbox": lambda: outbox_facts(self._outbox),
            },
            reply=self._reply,
            check=self.reload.check,
            done=self.reload.done,
        )

    def _connected(self) -> None:
        """On every connect: birth, info, and (as due again) discovery, state and health."""
        self._records.connected()
        self._records.info(self._now_s)
        self._announcer.connected(self._now_s)
        self._totals.connected(self.connection, self._now_s)
        self._taking_back.connected(self.connection)

    def _announce(self) -> None:
        if self.delivery.last is not None:
            self._announcer.window(self.delivery.last.window_s, self._now_s)
        self._records.announce(self._now_s)

    def _take_live(self, live: PublisherSocket) -> None:
        for record in live.receive():
            if isinstance(record, Answer):
                self.commands.answered(record)
            elif isinstance(record, Hello):
                self.reload.vision_counts_by(record.places)
            if self.live_state.take(record, self._now_s):
                if self._page:
                    self._page.vision_is(self.live_state.hello)
                self._records.info_due = True
        self._tell_info()

    def _tell_info(self) -> None:
        if self.connection.up and self._records.may_tell_info(self._now_s):
            self._records.info(self._now_s)

    def _send_counts(self, payload: bytes) -> int | None:
        return self.connection.publish(Message(self.topics.counts, payload, 1))

    def _answered(self, message_id: int, refusal: str | None) -> None:
        if message_id == self._stopped:
            self._stopped = None
        self._taking_back.answered(message_id)
        self.delivery.answered(message_id, refusal, self._now_s)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._announcer.status_topic:
            self._announcer.status(payload, self._now_s)
        elif topic == self.topics.totals:
            self._totals.received(payload)
        elif topic == self.topics.availability:
            self._records.availability.heard(payload, retained=retained)
        else:
            verb = self.topics.verb(topic)
            self.commands.handle(verb, payload, retained=retained, now_s=self._now_s)

    def _reply(self, reply: Reply) -> None:
        topic = self.topics.response(reply.verb)
        self._records.publish(topic, reply.response, 1, retain=False)

    def _ours(self) -> Figures:
        return outbox_health(self._outbox) | {"requests_refused": self.commands.refused}
