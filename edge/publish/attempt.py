"""One attempt at a broker, from dialling to its end: what is sent, what comes, what goes wrong."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.exception import MQTTException
from paho.mqtt.reasoncodes import ReasonCode

from edge.config.broker import Mqtt
from edge.publish.bounded_client import BoundedClient
from edge.publish.brokers import Peer
from edge.publish.client import Events
from edge.publish.message import Message
from edge.publish.packet_limit import packet_bytes
from edge.publish.peer_error import TooLargeError, UnaskedError
from edge.publish.refusal import PACKET_TOO_LARGE, explain, explain_alert, is_refusal
from edge.publish.send_quota import SendQuota
from edge.publish.subscriptions import Subscriptions

log = logging.getLogger("mqtt")

PROVEN_S = 0.3
"""How long a connection has to live on for an acknowledgement without a reason to be believed."""
_PARSE_ERRORS = (struct.error, ValueError, IndexError, KeyError, MQTTException)


class Attempt:
    """A client of the library's and the broker that it is for.

    What a peer's bytes can make the library raise costs this attempt, no more.
    """

    def __init__(
        self, client: BoundedClient, peer: Peer, settings: Mqtt, events: Events, now_s: float
    ) -> None:
        """`client` is not yet connected; who is told of that listens to it himself."""
        self.client, self.since_s = client, now_s
        self.quota = SendQuota(settings.max_in_flight)
        self.subscriptions = Subscriptions()
        self.too_large = False
        """Whether the broker ended it over the size of a packet."""
        self.now_s = now_s
        self._unproven: tuple[int, int, float] | None = None  # message id, size, since when
        self._peer, self._events = peer, events
        self._certified = bool(settings.cert_file)
        self._broken = False
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_log = self._on_log

    def fileno(self) -> int | None:
        """The socket to wait for; None while there is none."""
        socket = self.client.socket()
        return None if socket is None else socket.fileno()

    @property
    def is_over(self) -> bool:
        """Whether nothing can come of it any more."""
        return self._broken or self.client.socket() is None

    @property
    def is_idle(self) -> bool:
        """Whether everything sent is answered, and each answer is believed."""
        return self.quota.is_empty and self._unproven is None

    @property
    def due_s(self) -> float:
        """How long it may be before `keep_alive` has something to do."""
        return PROVEN_S if self._unproven else 1.0

    def keep_alive(self, now_s: float) -> None:
        """Ask whether the broker is there, where it has been silent."""
        self.now_s = now_s
        self._guarded(self.client.loop_misc)
        if self._unproven and now_s - self._unproven[2] >= PROVEN_S and not self.is_over:
            self._believe()

    def carry(self, now_s: float, *, readable: bool, writable: bool) -> None:
        """Take and send what the socket allows."""
        self.now_s = now_s
        # What is seen to have ended only while we write may have been heard of since the look.
        self._broken |= self.client.unwritable and writable and not readable
        if readable:
            self._guarded(self.client.loop_read)
            while self._pending():
                self._guarded(self.client.loop_read)
        if writable:
            self._guarded(self.client.loop_write)

    def publish(self, message: Message) -> int | None:
        """See `Connection.publish`; the broker has taken us."""
        abilities = self._peer.abilities
        if message.retain and not message.payload and not abilities.retain:
            return None  # there is nothing to clear
        message = abilities.fitted(message)
        if not self._peer.packet_limit.takes(message):
            return None
        info = self.client.publish(*message)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        if message.qos:
            self.quota.sent(info.mid, packet_bytes(message), self.now_s)
        return info.mid

    def limit_in_flight(self, most: int) -> None:
        """Send no more than `most` of QoS 1 before one of them is answered; nothing is sent yet."""
        self.quota = SendQuota(most)
        self.client.limit_in_flight(most)

    def largest(self) -> int:
        """Size in bytes of the longest packet that the broker may have ended it over."""
        return max(self.quota.largest(), self._unproven[1] if self._unproven else 0)

    def good_bye(self) -> None:
        """Tell the broker that this is the end, so that it forgets the will."""
        self._guarded(self.client.disconnect)

    def let_go(self) -> None:
        """Close the socket without a word."""
        socket = self.client.socket()
        if socket is not None:
            socket.close()

    def _pending(self) -> bool:
        """TLS may hold decrypted bytes that select cannot see."""
        pending = getattr(self.client.socket(), "pending", None)
        return pending is not None and pending() > 0

    def _guarded(self, act: Callable[[], MQTTErrorCode]) -> None:
        try:
            act()
        except UnaskedError as error:
            self.too_large = isinstance(error, TooLargeError)
            self._peer.failure.note(str(error))
            self._broken = True
        except _PARSE_ERRORS as error:
            log.debug("the connection is given up", exc_info=True)
            self._peer.failure.note(f"the broker's bytes make no sense ({type(error).__name__})")
            self._broken = True

    def _on_disconnect(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, _p: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self.too_large = reason.value == PACKET_TOO_LARGE
            self._peer.abilities.refused(reason.value)
            self._peer.failure.note(explain(reason), refused=is_refusal(reason))

    def _on_message(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._events.received(topic, bytes(message.payload), message.retain)

    def _on_publish(self, _c: Any, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        size = self.quota.answered(mid, self.now_s)
        if size:
            self._believe()
        if size and self._peer.versions.name != "5":
            self._unproven = mid, size, self.now_s
            return
        self._peer.packet_limit.acknowledged(size)
        self._events.answered(mid, explain(reason) if reason.is_failure else None)

    def _believe(self) -> None:
        """What was acknowledged last was taken, since the connection goes on.

        mosquitto acknowledges what it throws away, by its access list or `message_size_limit`, and
        then closes; before MQTT 5 that looks as if it were taken.
        """
        if self._unproven is not None:
            mid, size, _ = self._unproven
            self._unproven = None
            self._peer.packet_limit.acknowledged(size)
            self._events.answered(mid, None)

    def _on_subscribe(self, _c: Any, _u: Any, mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        self.subscriptions.answered(mid, reasons)

    def _on_log(self, _client: Any, _user: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            alert = explain_alert(text, certified=self._certified)
            if alert is not None:
                self._peer.failure.note(alert, refused=True)
        log.debug("%s", text)
