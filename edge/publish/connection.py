"""One MQTT connection that keeps coming back, driven by the caller's own loop.

Every connection is a new, clean session: what must survive is in the outbox, so neither the
broker's memory of us nor the client library's queue is a second truth.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from random import Random
from typing import Any

from paho.mqtt.reasoncodes import ReasonCode

from edge.config.broker import Mqtt
from edge.publish.attempt import Attempt
from edge.publish.auto_broker import require
from edge.publish.bounded_client import BoundedClient
from edge.publish.brokers import BrokerInUse, Brokers, Peer
from edge.publish.client import Events, Identity, new_client
from edge.publish.connection_failure import SETTLED_S
from edge.publish.lookout import Lookout
from edge.publish.message import Message
from edge.publish.packet_limit import LONGEST
from edge.publish.peer_error import UnpinnedError
from edge.publish.refusal import UNSUPPORTED_VERSION, early_close, explain, is_refusal
from edge.publish.subscriptions import Subscriptions

log = logging.getLogger("mqtt")


class Connection(BrokerInUse):
    """A connection to the broker; `step` and `ready` are called by whoever owns the loop.

    Connecting blocks, inside `blocking()`, for `settings.timeout_s` at most (TCP to any of
    the name's addresses and TLS together).
    """

    def __init__(
        self,
        settings: Mqtt,
        identity: Identity,
        events: Events,
        *,
        random: Random,
        blocking: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._settings, self._identity = settings, identity
        self._events, self._blocking = events, blocking
        require(settings)
        super().__init__(Brokers(settings, identity.client_id, random))
        self._lookout = Lookout(settings.failback_s, self._client_for)
        self._better: Peer | None = None
        self._tried = self.manner
        self._attempt: Attempt | None = None
        self.subscriptions = Subscriptions()
        self.up = False
        self.connects = 0

    def fileno(self) -> int | None:
        """The socket to wait for; None while there is none."""
        return self._attempt.fileno() if self._attempt else None

    def wants_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._attempt is not None and self._attempt.client.want_write()

    def room(self) -> int:
        """How many messages of QoS 1 would be sent at once, rather than queued.

        Where all go out at QoS 0 nothing is acknowledged: as many as the socket takes. 0 where a
        better broker is there: what is under way here is waited for, so that nothing comes twice.
        """
        if self._attempt is None or self._better is not None:
            return 0
        return 0 if not self.abilities.qos and self.wants_write() else self._attempt.quota.room()

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` has something to do."""
        return max(self._due_s - now_s, 0.0) if self._attempt is None else self._attempt.due_s

    def step(self, now_s: float) -> None:
        """Connect when it is time; give up what doesn't answer; keep the connection alive."""
        attempt = self._attempt
        if attempt is None:
            if self._brokers.choose(now_s):
                self._connect(now_s)
            return
        attempt.keep_alive(now_s)
        if self._is_silent(attempt, now_s):
            return
        if self.up and now_s - attempt.since_s > SETTLED_S:
            self._failure.settled()
            if self.first_choice:
                self._lookout.settled()
        self._look_for_better(attempt, now_s)
        self._notice_end(now_s)

    def _is_silent(self, attempt: Attempt, now_s: float) -> bool:
        """Whether the broker has kept us waiting for too long, and so is given up."""
        timeout_s = self._settings.timeout_s
        if self.up and attempt.quota.is_stuck(now_s, timeout_s):
            self.drop("the broker acknowledges nothing", now_s)
            return True
        if not self.up and now_s - attempt.since_s > timeout_s:
            self._failure.note("the broker does not answer", explained=False)
            self._end(attempt, now_s)
            return True
        return False

    def _look_for_better(self, attempt: Attempt, now_s: float) -> None:
        """Go back to a broker before this one, once it is there and nothing is under way here."""
        if not self.up:
            return
        self._better = self._better or self._lookout.step(now_s, self._brokers.preferred)
        if self._better is None or not attempt.is_idle:
            return
        log.info("%s is there again; back to it from %s", self._better.to, self.where)
        self._brokers.back_to(self._better, now_s, self._settings.failback_s)
        self._lookout.left()
        self._discard(attempt)  # without a good-bye, so that this broker publishes the will
        self._versions.lost()
        self._events.lost()

    def ready(self, now_s: float, *, readable: bool, writable: bool) -> None:
        """Take and send what the socket allows."""
        if self._attempt is not None:
            self._attempt.carry(now_s, readable=readable, writable=writable)
            self._notice_end(now_s)

    def publish(self, message: Message) -> int | None:
        """Hand a message over; its id, or None where it wasn't taken (then it never will be).

        Of QoS 1 it is sent when the send quota allows, in the order handed over.
        """
        if self._attempt is None or not self.up:
            return None
        return self._attempt.publish(message)

    def subscribe(self, topic: str) -> None:
        """Listen to a topic; what is retained there is sent (again)."""
        if self._attempt is not None and self.up:
            self.subscriptions.ask(self._attempt.client, topic)

    def drop(self, reason: str, now_s: float) -> None:
        """Give this connection up and plan the next; the broker then sends the will."""
        if self._attempt is not None:
            self._failure.note(reason)
            self._end(self._attempt, now_s)

    def close(self) -> None:
        """Say good-bye (the broker then forgets the will) and let go of the socket."""
        if self._attempt is not None:
            self._attempt.good_bye()
            self._discard(self._attempt)

    def _connect(self, now_s: float) -> None:
        self._failure.begin()
        self._tried = self.manner
        self._attempt = attempt = self._new_attempt(now_s)
        to, keepalive_s = self._brokers.current.to, self._settings.keepalive_s
        arguments = self._versions.connect_arguments(self._identity.max_incoming_bytes)
        try:
            with self._blocking():
                attempt.client.connect(to.host, to.port, keepalive_s, **arguments)
            self._failure.where = str(attempt.client.to)  # as it was found, where it is looked for
        except OSError as error:  # failed look-ups and TLS errors are OSErrors too
            refused = isinstance(error, ssl.SSLCertVerificationError | UnpinnedError)
            certified = bool(self._settings.cert_file)
            self._failure.note(explain(error, certified=certified), refused=refused)
            self._end(attempt, now_s)

    def _client_for(self, peer: Peer) -> BoundedClient:
        return new_client(self._settings, peer.to, self._identity, peer.versions, peer.abilities)

    def _new_attempt(self, now_s: float) -> Attempt:
        peer = self._brokers.current
        client = self._client_for(peer)
        attempt = Attempt(client, peer, self._settings, self._events, now_s)
        client.on_connect = partial(self._on_connect, attempt)
        return attempt

    def _on_connect(
        self, attempt: Attempt, _c: Any, _u: Any, _flags: Any, reason: ReasonCode, more: Any
    ) -> None:
        if reason.is_failure:
            other = reason.value == UNSUPPORTED_VERSION and self._versions.refused()
            other = self.abilities.refused(reason.value) or other
            self._failure.note(explain(reason), refused=is_refusal(reason) and not other)
            return
        self.up = True
        self.connects += 1
        self._lookout.connected(attempt.now_s)
        self._versions.worked()
        self._heed(attempt, more)
        level = logging.DEBUG if self._failure.keeps_closing else logging.INFO
        log.log(level, "connected to %s, MQTT %s", self._failure.where, self._versions.name)
        self._failure.over()
        self.subscriptions = attempt.subscriptions
        for topic in self._identity.subscriptions:
            self.subscriptions.ask(attempt.client, topic)
        self._events.connected()

    def _heed(self, attempt: Attempt, more: Any) -> None:
        """What the broker says that it takes; nothing of it before MQTT 5."""
        self.packet_limit.connected(getattr(more, "MaximumPacketSize", LONGEST))
        self.abilities.connected(more)
        attempt.limit_in_flight(
            min(self._settings.max_in_flight, getattr(more, "ReceiveMaximum", 65_535))
        )

    def _notice_end(self, now_s: float) -> None:
        if self._attempt is not None and self._attempt.is_over:
            self._end(self._attempt, now_s)

    def _end(self, attempt: Attempt, now_s: float) -> None:
        was_up = self.up
        self._discard(attempt)
        if was_up:
            self._versions.lost()
            self.packet_limit.lost(attempt.largest(), too_large=attempt.too_large)
            self._failure.lost(now_s - attempt.since_s)
            self._events.lost()
        elif not self._failure.explained:
            silence = early_close(self._settings, self._brokers.current.to)
            self._failure.note(silence, explained=False)
            self._versions.unanswered()
        another_way = not was_up and self.manner != self._tried
        self._brokers.failed(now_s + self._failure.pause_s(), another_way=another_way)

    def _discard(self, attempt: Attempt) -> None:
        attempt.let_go()
        self._attempt = self._better = None
        self.up = False
