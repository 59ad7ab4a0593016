"""Outbox to broker. Knows MQTT, and no image library."""

from edge.publish.service import publish

__all__ = ["publish"]
