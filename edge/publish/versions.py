"""Which MQTT version to speak: 5 where the broker can, else 3.1.1."""

from __future__ import annotations

from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

UNANSWERED = 2
"""Connections in a row without an answer before a version that once worked is given up."""


class Versions:
    """The version of the next attempt.

    Old brokers answer MQTT 5 with a refusal, close the connection, or say nothing at all; so does
    a broker that is being restarted, which is why a session in 3.1.1 is followed by a new try of
    5 unless 5 was refused in so many words.
    """

    def __init__(self, wish: Literal["auto", "5", "3.1.1"]) -> None:
        self._auto = wish == "auto"
        self._five_refused = False
        self._five_worked = False
        self._unanswered = 0
        self.current = mqtt.MQTTv311 if wish == "3.1.1" else mqtt.MQTTv5

    @property
    def name(self) -> str:
        """For people."""
        return "5" if self.current == mqtt.MQTTv5 else "3.1.1"

    def refused(self) -> bool:
        """The broker doesn't speak this version; true where another one is left to try."""
        if self._auto and self.current == mqtt.MQTTv5:
            self._five_refused = True
            self.current = mqtt.MQTTv311
            return True
        return False

    def unanswered(self) -> None:
        """The broker closed the connection, or kept silent, instead of answering."""
        self._unanswered += 1
        enough = UNANSWERED if self._five_worked else 1
        if self._auto and self._unanswered >= enough and not self._five_refused:
            self._unanswered = 0
            other = self.current == mqtt.MQTTv5
            self.current = mqtt.MQTTv311 if other else mqtt.MQTTv5

    def worked(self) -> None:
        """The broker took us."""
        self._unanswered = 0
        self._five_worked = self._five_worked or self.current == mqtt.MQTTv5

    def lost(self) -> None:
        """A connection that worked is over."""
        if self._auto and not self._five_refused:
            self.current = mqtt.MQTTv5

    def client_arguments(self) -> dict[str, Any]:
        """For the client's constructor: `clean_session` exists before MQTT 5 only."""
        return {} if self.current == mqtt.MQTTv5 else {"clean_session": True}

    def connect_arguments(self, max_incoming_bytes: int) -> dict[str, Any]:
        """For `connect`: a clean start, and what the broker may send us."""
        if self.current != mqtt.MQTTv5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = max_incoming_bytes
        properties.ReceiveMaximum = 16
        return {"clean_start": True, "properties": properties}
