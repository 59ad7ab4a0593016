"""One MQTT connection that keeps coming back, driven by the caller's own loop.

Every connection is a new, clean session: what must survive is in the outbox, so neither the
broker's memory of us nor the client library's queue is a second truth.
"""

from __future__ import annotations

import logging
import ssl
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.exception import MQTTException
from paho.mqtt.reasoncodes import ReasonCode

from edge.config.broker import Mqtt
from edge.publish.auto_broker import require
from edge.publish.bounded_client import BoundedClient
from edge.publish.brokers import BrokerInUse, Brokers, Peer
from edge.publish.client import Events, Identity, new_client
from edge.publish.connection_failure import SETTLED_S
from edge.publish.lookout import Lookout
from edge.publish.message import Message
from edge.publish.packet_limit import LONGEST, packet_bytes
from edge.publish.peer_error import UnaskedError, UnpinnedError
from edge.publish.refusal import (
    PACKET_TOO_LARGE,
    UNSUPPORTED_VERSION,
    early_close,
    explain,
    explain_alert,
    is_refusal,
)
from edge.publish.send_quota import SendQuota
from edge.publish.subscriptions import Subscriptions

log = logging.getLogger("mqtt")

_PARSE_ERRORS = (struct.error, ValueError, IndexError, KeyError, MQTTException)


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
        self._client: BoundedClient | None = None
        self._since_s = 0.0
        self._now_s = 0.0
        self._broken = self._too_large = False
        self._quota = SendQuota(settings.max_in_flight)
        self.subscriptions = Subscriptions()
        self.up = False
        self.connects = 0

    def fileno(self) -> int | None:
        """The socket to wait for; None while there is none."""
        socket = self._client.socket() if self._client else None
        return socket.fileno() if socket is not None else None

    def wants_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._client is not None and self._client.want_write()

    def room(self) -> int:
        """How many messages of QoS 1 would be sent at once, rather than queued.

        Where all go out at QoS 0 nothing is acknowledged: as many as the socket takes. None where
        a better broker is there: what is under way here is waited for, so that nothing comes twice.
        """
        if self._better is not None:
            return 0
        return 0 if not self.abilities.qos and self.wants_write() else self._quota.room()

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` has something to do."""
        return max(self._due_s - now_s, 0.0) if self._client is None else 1.0

    def step(self, now_s: float) -> None:
        """Connect when it is time; give up what doesn't answer; keep the connection alive."""
        self._now_s = now_s
        if self._client is None:
            if self._brokers.choose(now_s):
                self._connect(now_s)
            return
        self._guarded(self._client.loop_misc)
        age_s = now_s - self._since_s
        if not self.up and age_s > self._settings.timeout_s:
            self._failure.note("the broker does not answer", explained=False)
            self._end(now_s)
            return
        if self.up and self._quota.is_stuck(now_s, self._settings.timeout_s):
            self.drop("the broker acknowledges nothing", now_s)
            return
        if self.up and age_s > SETTLED_S:
            self._failure.settled()
            if self.first_choice:
                self._lookout.settled()
        self._look_for_better(now_s)
        self._notice_end(now_s)

    def _look_for_better(self, now_s: float) -> None:
        """Go back to a broker before this one, once it is there and nothing is under way here."""
        if not self.up:
            return
        self._better = self._better or self._lookout.step(now_s, self._brokers.preferred)
        if self._better is None or not self._quota.is_empty:
            return
        log.info("%s is there again; back to it from %s", self._better.to, self.where)
        self._brokers.back_to(self._better, now_s, self._settings.failback_s)
        self._lookout.left()
        self._discard()  # without a good-bye, so that this broker publishes the will
        self._versions.lost()
        self._events.lost()

    def ready(self, now_s: float, *, readable: bool, writable: bool) -> None:
        """Take and send what the socket allows."""
        self._now_s = now_s
        if self._client is None:
            return
        if readable:
            self._guarded(self._client.loop_read)
            while self._pending():
                self._guarded(self._client.loop_read)
        if writable:
            self._guarded(self._client.loop_write)
        self._notice_end(now_s)

    def publish(self, message: Message) -> int | None:
        """Hand a message over; its id, or None where it wasn't taken (then it never will be).

        Of QoS 1 it is sent when the send quota allows, in the order handed over.
        """
        if self._client is None or not self.up:
            return None
        if message.retain and not message.payload and not self.abilities.retain:
            return None  # there is nothing to clear
        message = self.abilities.fitted(message)
        if not self.packet_limit.takes(message):
            return None
        info = self._client.publish(*message)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        if message.qos:
            self._quota.sent(info.mid, packet_bytes(message), self._now_s)
        return info.mid

    def subscribe(self, topic: str) -> None:
        """Listen to a topic; what is retained there is sent (again)."""
        if self._client is not None and self.up:
            self.subscriptions.ask(self._client, topic)

    def drop(self, reason: str, now_s: float) -> None:
        """Give this connection up and plan the next; the broker then sends the will."""
        if self._client is not None:
            self._failure.note(reason)
            self._end(now_s)

    def close(self) -> None:
        """Say good-bye (the broker then forgets the will) and let go of the socket."""
        if self._client is not None:
            self._guarded(self._client.disconnect)
            self._discard()

    def _pending(self) -> bool:
        """TLS may hold decrypted bytes that select cannot see."""
        pending = getattr(self._client.socket() if self._client else None, "pending", None)
        return pending is not None and pending() > 0

    def _connect(self, now_s: float) -> None:
        self._since_s, self._broken, self._too_large = now_s, False, False
        self._failure.begin()
        self._tried = self.manner
        self._client = self._new_client()
        to, keepalive_s = self._brokers.current.to, self._settings.keepalive_s
        arguments = self._versions.connect_arguments(self._identity.max_incoming_bytes)
        try:
            with self._blocking():
                self._client.connect(to.host, to.port, keepalive_s, **arguments)
            self._failure.where = str(self._client.to)  # as it was found, where it is looked for
        except OSError as error:  # failed look-ups and TLS errors are OSErrors too
            refused = isinstance(error, ssl.SSLCertVerificationError | UnpinnedError)
            certified = bool(self._settings.cert_file)
            self._failure.note(explain(error, certified=certified), refused=refused)
            self._end(now_s)

    def _client_for(self, peer: Peer) -> BoundedClient:
        return new_client(self._settings, peer.to, self._identity, peer.versions, peer.abilities)

    def _new_client(self) -> BoundedClient:
        client = self._client_for(self._brokers.current)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_log = self._on_log
        return client

    def _on_connect(self, client: Any, _u: Any, _flags: Any, reason: ReasonCode, more: Any) -> None:
        if reason.is_failure:
            other = reason.value == UNSUPPORTED_VERSION and self._versions.refused()
            other = self.abilities.refused(reason.value) or other
            self._failure.note(explain(reason), refused=is_refusal(reason) and not other)
            return
        self.up = True
        self.connects += 1
        self._lookout.connected(self._now_s)
        self._versions.worked()
        self.packet_limit.connected(getattr(more, "MaximumPacketSize", LONGEST))
        most = min(self._settings.max_in_flight, getattr(more, "ReceiveMaximum", 65_535))
        self._quota = SendQuota(most)
        self.abilities.connected(more)
        client.limit_in_flight(most)
        level = logging.DEBUG if self._failure.keeps_closing else logging.INFO
        log.log(level, "connected to %s, MQTT %s", self._failure.where, self._versions.name)
        self._failure.over()
        self.subscriptions = Subscriptions()
        for topic in self._identity.subscriptions:
            self.subscriptions.ask(client, topic)
        self._events.connected()

    def _on_disconnect(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, _p: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._too_large = reason.value == PACKET_TOO_LARGE
            self.abilities.refused(reason.value)
            self._failure.note(explain(reason), refused=is_refusal(reason))

    def _on_message(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._events.received(topic, bytes(message.payload), message.retain)

    def _on_publish(self, _c: Any, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        size = self._quota.answered(mid, self._now_s)
        self.packet_limit.acknowledged(size)
        self._events.answered(mid, explain(reason) if reason.is_failure else None)

    def _on_subscribe(self, _c: Any, _u: Any, mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        self.subscriptions.answered(mid, reasons)

    def _on_log(self, _client: Any, _user: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            alert = explain_alert(text, certified=bool(self._settings.cert_file))
            if alert is not None:
                self._failure.note(alert, refused=True)
        log.debug("%s", text)

    def _guarded(self, act: Callable[[], MQTTErrorCode]) -> None:
        """What a peer's bytes can make the client library raise costs the connection, no more."""
        try:
            act()
        except UnaskedError as error:
            self._failure.note(str(error))
            self._broken = True
        except _PARSE_ERRORS as error:
            log.debug("the connection is given up", exc_info=True)
            self._failure.note(f"the broker's bytes make no sense ({type(error).__name__})")
            self._broken = True

    def _notice_end(self, now_s: float) -> None:
        if self._client is not None and (self._broken or self._client.socket() is None):
            self._end(now_s)

    def _end(self, now_s: float) -> None:
        was_up = self.up
        self._discard()
        if was_up:
            self._versions.lost()
            self.packet_limit.lost(self._quota.largest(), too_large=self._too_large)
            self._failure.lost(now_s - self._since_s)
            self._events.lost()
        elif not self._failure.explained:
            self._failure.note(
                early_close(self._settings, self._brokers.current.to), explained=False
            )
            self._versions.unanswered()
        another_way = not was_up and self.manner != self._tried
        self._brokers.failed(now_s + self._failure.pause_s(), another_way=another_way)

    def _discard(self) -> None:
        socket = self._client.socket() if self._client else None
        if socket is not None:
            socket.close()
        self._client = self._better = None
        self.up = False
