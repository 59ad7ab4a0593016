"""Outbox to broker. Knows MQTT, and no image library."""

from edge.publish.service import NOBODY_READS, publish

__all__ = ["NOBODY_READS", "publish"]
