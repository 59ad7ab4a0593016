"""Outbox to broker. Knows MQTT, and no image library."""
