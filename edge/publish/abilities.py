"""What of retained messages and QoS 1 the broker can do, and how each message then goes out."""

from __future__ import annotations

from typing import Any

from edge.config.broker import Mqtt
from edge.publish.message import Message

RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED = 0x9A, 0x9B
"""Reason codes of MQTT 5 (section 2.4), in CONNACK over the will and in DISCONNECT."""


class Abilities:
    """What is asked for by `mqtt.retain` and `mqtt.qos`, less what the broker has refused.

    MQTT 5 announces it in CONNACK (Retain Available, Maximum QoS), or refuses the will by it; with
    3.1.1 nothing is known. What was refused once is not tried again before the next start.
    """

    def __init__(self, settings: Mqtt) -> None:
        self.retain = settings.retain == "auto"
        self.qos = 0 if settings.qos == 0 else 1
        self._qos_0_wished = settings.qos == 0

    def connected(self, properties: Any) -> None:
        """Read the CONNACK of MQTT 5; a property that is not there means that all can be done."""
        self.retain = self.retain and bool(getattr(properties, "RetainAvailable", 1))
        self.qos = min(self.qos, getattr(properties, "MaximumQoS", 2))

    def refused(self, code: int) -> bool:
        """The broker ended the connection by a reason code; true where the next can do better."""
        if code == RETAIN_NOT_SUPPORTED and self.retain:
            self.retain = False
        elif code == QOS_NOT_SUPPORTED and self.qos:
            self.qos = 0
        else:
            return False
        return True

    def fitted(self, message: Message) -> Message:
        """The message as this broker takes it."""
        return message._replace(
            qos=min(message.qos, self.qos), retain=message.retain and self.retain
        )

    @property
    def delivers(self) -> bool:
        """Whether windows may be sent: at QoS 0, where some get lost, only if that was wished."""
        return self.qos > 0 or self._qos_0_wished

    @property
    def given_up(self) -> tuple[str, ...]:
        """What is done without."""
        missing = {"retain": not self.retain, "qos_1": not self.qos}
        return tuple(name for name, is_so in missing.items() if is_so)
