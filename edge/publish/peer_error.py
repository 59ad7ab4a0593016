"""What a peer does wrong, as a sentence."""

from __future__ import annotations

from paho.mqtt.exception import MQTTException


class UnaskedError(MQTTException):
    """The peer does what nobody asked it to; its text is a sentence."""


class TooLargeError(UnaskedError):
    """The broker takes no packet as long; it is said where the standard knows no place for it."""


class UnpinnedError(ConnectionError):
    """The broker's certificate is trusted, but none of those named; its text is a sentence."""


class NoWayError(ConnectionError):
    """What lies before MQTT (a proxy, WebSockets) turns us away; its text is a sentence."""
