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
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.exception import MQTTException
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import Mqtt
from edge.publish.bounded import MAX_INCOMING_BYTES, BoundedClient
from edge.publish.credentials import Login
from edge.publish.message import Message
from edge.publish.refusal import (
    EARLY_CLOSE,
    UNSUPPORTED_VERSION,
    explain,
    explain_alert,
    is_refusal,
)
from edge.publish.trouble import SETTLED_S, Trouble
from edge.publish.versions import Versions

log = logging.getLogger("mqtt")

DEAF_S = 600.0
"""After a message larger than we take (which MQTT 3.1.1 can't forbid), topics are left alone."""

_PARSE_ERRORS = (struct.error, ValueError, IndexError, KeyError, MQTTException)


class Events(NamedTuple):
    """Whom the link tells: connected, lost, a message came (topic, payload, retained), and a
    publish was answered (its id, None or why it was refused).
    """

    connected: Callable[[], None]
    lost: Callable[[], None]
    received: Callable[[str, bytes, bool], None]
    answered: Callable[[int, str | None], None]


class Identity(NamedTuple):
    """Who connects (id, last will, login, certificates), and what it listens to from then on."""

    client_id: str
    will: Message | None
    login: Login
    tls: ssl.SSLContext | None
    subscriptions: tuple[str, ...] = ()
    max_incoming_bytes: int = MAX_INCOMING_BYTES


class Link:
    """A connection to the broker; `step` and `ready` are called by whoever owns the loop.

    Connecting blocks, inside `blocking()`, for `settings.timeout_s` at most (TCP, then TLS).
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
        self._trouble = Trouble(settings, identity.client_id, random)
        self._versions = Versions(settings.protocol)
        self._client: BoundedClient | None = None
        self._due_s = 0.0
        self._since_s = self._deaf_until_s = 0.0
        self._broken = False
        self._max_outgoing_bytes = 0
        self.up = False
        self.max_in_flight = settings.max_in_flight
        self.connects = 0

    def fileno(self) -> int | None:
        """The socket to wait for; None while there is none."""
        socket = self._client.socket() if self._client else None
        return socket.fileno() if socket is not None else None

    def wants_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._client is not None and self._client.want_write()

    @property
    def trouble(self) -> str:
        """Why there is no connection, as last said; empty while there is one."""
        return self._trouble.said

    def due_s(self, now_s: float) -> float:
        """Seconds until `step` has something to do."""
        return max(self._due_s - now_s, 0.0) if self._client is None else 1.0

    def step(self, now_s: float) -> None:
        """Connect when it is time; give up what doesn't answer; keep the connection alive."""
        if self._client is None:
            if now_s >= self._due_s:
                self._connect(now_s)
            return
        self._guarded(self._client.loop_misc)
        age_s = now_s - self._since_s
        if not self.up and age_s > self._settings.timeout_s:
            self._trouble.note("the broker does not answer", explained=False)
            self._end(now_s)
            return
        if self.up and age_s > SETTLED_S:
            self._trouble.settled()
        self._notice_end(now_s)

    def ready(self, now_s: float, *, readable: bool, writable: bool) -> None:
        """Take and send what the socket allows."""
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
        """Hand a message over; its id, or None where it wasn't taken (then it never will be)."""
        if self._client is None or not self.up:
            return None
        if len(message.payload) + len(message.topic) + 16 > self._max_outgoing_bytes:
            size = len(message.payload)
            log.error("%s: %d bytes are more than the broker takes", message.topic, size)
            return None
        info = self._client.publish(*message)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def drop(self, reason: str, now_s: float) -> None:
        """Give this connection up and plan the next; the broker then sends the will."""
        if self._client is not None:
            self._trouble.note(reason)
            self._end(now_s)

    def close(self) -> None:
        """Say good-bye (the broker then forgets the will) and let go of the socket."""
        if self._client is not None:
            self._guarded(self._client.disconnect)
            self._discard()

    def _pending(self) -> bool:
        """TLS may hold decrypted bytes that select cannot see."""
        socket = self._client.socket() if self._client else None
        return isinstance(socket, ssl.SSLSocket) and socket.pending() > 0

    def _connect(self, now_s: float) -> None:
        self._since_s, self._broken = now_s, False
        self._trouble.begin()
        self._client = self._new_client()
        to = self._settings
        arguments = self._versions.connect_arguments(self._identity.max_incoming_bytes)
        try:
            with self._blocking():
                self._client.connect(to.host, to.port, to.keepalive_s, **arguments)
        except OSError as error:  # failed look-ups and TLS errors are OSErrors too
            refused = isinstance(error, ssl.SSLCertVerificationError)
            self._trouble.note(explain(error), refused=refused)
            self._end(now_s)

    def _new_client(self) -> BoundedClient:
        who = self._identity
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            client_id=who.client_id,
            protocol=self._versions.current,
            reconnect_on_failure=False,
            **self._versions.client_arguments(),
        )
        client.connect_timeout = self._settings.timeout_s
        client.max_queued_messages = 256
        client.max_incoming_bytes = who.max_incoming_bytes
        if who.will is not None:
            client.will_set(*who.will)
        if who.login.username is not None:
            client.username_pw_set(who.login.username, who.login.password)
        if who.tls is not None:
            client.tls_set_context(who.tls)
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
            self._trouble.note(explain(reason), refused=is_refusal(reason) and not other)
            return
        self.up = True
        self.connects += 1
        self._versions.worked()
        self._max_outgoing_bytes = getattr(more, "MaximumPacketSize", 268_435_455)
        self.max_in_flight = min(
            self._settings.max_in_flight, getattr(more, "ReceiveMaximum", 65_535)
        )
        where = f"{self._settings.host}:{self._settings.port}"
        log.info("connected to %s, MQTT %s", where, self._versions.name)
        self._trouble.over()
        if self._since_s >= self._deaf_until_s:
            for topic in self._identity.subscriptions:
                client.subscribe(topic, qos=1)
        self._events.connected()

    def _on_disconnect(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, _p: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._trouble.note(explain(reason), refused=is_refusal(reason))

    def _on_message(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._events.received(topic, bytes(message.payload), message.retain)

    def _on_publish(self, _c: Any, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        self._events.answered(mid, explain(reason) if reason.is_failure else None)

    def _on_subscribe(
        self, _c: Any, _u: Any, _mid: int, reasons: list[ReasonCode], _p: Any
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.warning("a subscription is refused: %s", explain(reason))

    def _on_log(self, _client: Any, _user: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            alert = explain_alert(text)
            if alert is not None:
                self._trouble.note(alert, refused=True)
        log.debug("%s", text)

    def _guarded(self, act: Callable[[], MQTTErrorCode]) -> None:
        """What a peer's bytes can make the client library raise costs the connection, no more."""
        try:
            act()
        except _PARSE_ERRORS as error:
            log.debug("the connection is given up", exc_info=True)
            self._trouble.note(f"the broker's bytes make no sense ({type(error).__name__})")
            self._broken = True

    def _notice_end(self, now_s: float) -> None:
        if self._client is not None and (self._broken or self._client.socket() is None):
            self._end(now_s)

    def _end(self, now_s: float) -> None:
        was_up = self.up
        if self._client is not None and self._client.oversized:
            # Retained, it would come again on every connect.
            self._deaf_until_s = now_s + DEAF_S
            log.warning("a huge message came: nothing is listened to for %g s", DEAF_S)
        self._discard()
        if was_up:
            self._versions.lost()
            self._trouble.lost(now_s - self._since_s)
            self._events.lost()
        elif not self._trouble.explained:
            self._trouble.note(EARLY_CLOSE, explained=False)
            self._versions.unanswered()
        self._due_s = now_s + self._trouble.pause_s()

    def _discard(self) -> None:
        socket = self._client.socket() if self._client else None
        if socket is not None:
            socket.close()
        self._client = None
        self.up = False
