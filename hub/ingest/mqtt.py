"""The connection to an MQTT broker: a session that the broker keeps, and acknowledgements by hand.

All of it runs in one thread. An acknowledgement names a message by a number of its connection, and
a broker that has lost the session gives these numbers to other messages: so one is sent only on the
connection by which its message came, and that can't change between the check and the sending. What
is not acknowledged comes again, and is known by its key.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.errors import BrokerError
from hub.ingest.retry import Retry
from hub.ingest.settings import Settings
from hub.ingest.source import Message, Take

log = logging.getLogger(__name__)

QOS = 1
KEEPALIVE_S = 30
CLOSE_S = 2.0
LASTING_S = 10.0
SHORT_IN_A_ROW = 3
"""So many connections that end sooner than LASTING_S have a cause that is worth a word."""
MAX_PACKET_BYTES = 262_144
"""Longer packets the broker keeps to itself: they are no windows, and would fill the memory."""
RECEIVE_MAXIMUM = 65_535

_LOGIN = "see --username and --password-file, and the user's rights at the broker"
_FINAL = {
    "Not authorized": _LOGIN,
    "Bad user name or password": _LOGIN,
    "Bad authentication method": _LOGIN,
    "Banned": _LOGIN,
    "Client identifier not valid": "choose another --client-id",
    "Unsupported protocol version": "it must speak MQTT 5",
}
"""Refusals that another try does not mend, and what would."""


class MqttSource:
    """Hands each message to `take`; keeps trying where the broker is away.

    `listens` tells whether the broker hands messages on; `connection` numbers the connections.
    """

    def __init__(self, settings: Settings, take: Take) -> None:
        self._settings = settings
        self._take = take
        self.connection = 0
        self.listens = False
        self._retry = Retry()
        self._short = 0
        self._since_s = 0.0
        self._closing = False
        self._trouble: BrokerError | None = None
        self._client = self._made()

    def turn(self, timeout_s: float) -> None:
        """Read and write what there is; BrokerError where the broker refuses for good."""
        if self._client.socket() is None:
            self._dial(timeout_s)
        else:
            self._client.loop(timeout_s)
        if self._trouble:
            raise self._trouble

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are stored; those of an earlier connection come again."""
        for message in messages:
            if message.connection == self.connection and self._client.socket() is not None:
                self._client.ack(message.number, QOS)

    def close(self) -> None:
        """Leave the broker, which keeps the session; acknowledgements go out before."""
        self._closing = True
        until_s = time.monotonic() + CLOSE_S
        while self._waits_to_write() and time.monotonic() < until_s:
            self._client.loop(0.05)
        self._client.disconnect()

    def _waits_to_write(self) -> bool:
        return self._client.socket() is not None and self._client.want_write()

    def _made(self) -> mqtt.Client:
        settings = self._settings
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=settings.client_id,
                             protocol=mqtt.MQTTv5, manual_ack=True)  # fmt: skip
        client.connect_timeout = 5.0
        if settings.username:
            client.username_pw_set(settings.username, settings.password())
        if settings.tls:
            client.tls_set_context(settings.tls_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _dial(self, timeout_s: float) -> None:
        """Connect, or wait until it is time for the next try."""
        if not self._retry.wait(timeout_s):
            return
        try:
            self._client.connect(
                self._settings.host, self._settings.port, KEEPALIVE_S, clean_start=False,
                properties=self._properties(),
            )  # fmt: skip
        except (OSError, ValueError) as error:
            self._later(f"can't be reached ({error})")

    def _properties(self) -> Properties:
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wanted.SessionExpiryInterval = self._settings.session_s
        wanted.ReceiveMaximum = min(2 * self._settings.batch_windows, RECEIVE_MAXIMUM)
        wanted.MaximumPacketSize = MAX_PACKET_BYTES
        return wanted

    def _later(self, reason: str) -> None:
        """Try again later; the first failure of a row is said."""
        if self._retry.later():
            log.warning("broker %s %s; trying again", self._settings.address, reason)

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, told: Any) -> None:
        if reason.is_failure:
            self._refused(reason)
            return
        if self._settings.share and getattr(told, "SharedSubscriptionAvailable", 1) == 0:
            self._trouble = BrokerError(
                f"--share: broker {self._settings.address} has no shared subscriptions"
            )
            return
        self._client.subscribe(self._settings.topic, qos=QOS)

    def _refused(self, reason: ReasonCode) -> None:
        advice = _FINAL.get(str(reason))
        if advice is None:
            self._later(f"refuses ({reason})")
        else:
            self._trouble = BrokerError(
                f"broker {self._settings.address} refuses: {reason}; {advice}"
            )

    def _on_subscribe(self, _c: Any, _u: Any, _m: int, reasons: list[ReasonCode], _p: Any) -> None:
        if reasons[0].is_failure:
            self._trouble = BrokerError(
                f"broker {self._settings.address} refuses the subscription to "
                f"{self._settings.topic}: {reasons[0]}"
            )
            return
        self.listens, self._since_s = True, time.monotonic()
        log.info("broker %s: listening to %s", self._settings.address, self._settings.topic)

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self.connection += 1
        if self.listens and time.monotonic() - self._since_s < LASTING_S:
            self._short += 1
        elif self.listens:
            self._short = 0
            self._retry.reset()
        self.listens = False
        if str(reason) == "Session taken over":
            self._trouble = BrokerError(f"another program {self._namesake}")
        elif not self._closing:
            self._later(f"is gone ({reason})")
            if self._short == SHORT_IN_A_ROW:  # mosquitto 2.0 does not tell why
                log.warning("connections end early: maybe another program %s", self._namesake)

    @property
    def _namesake(self) -> str:
        return (
            f"has connected as {self._settings.client_id}: "
            "give each ingestor a --client-id of its own"
        )

    def _on_message(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(no UTF-8)"
        self._take(Message(topic, bytes(message.payload), self.connection, message.mid))
