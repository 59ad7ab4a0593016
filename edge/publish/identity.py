"""Who a device is to its broker: client id, last will, login, and what it listens to."""

from __future__ import annotations

from edge.config.tables import Config
from edge.publish.client import Identity
from edge.publish.credentials import login, tls_context
from edge.publish.message import Message
from edge.publish.topics import Topics


def identity_of(config: Config) -> Identity:
    """The device's own; ConfigError where credentials or certificates can't be read."""
    topics = Topics(config)
    requests = (topics.requests,) if config.commands.enabled else ()
    status = (f"{config.homeassistant.prefix}/status",) if config.homeassistant.enabled else ()
    return Identity(
        # A dot can't be in a site's or device's name: no two pairs make one id.
        client_id=config.mqtt.client_id or f"agender.{config.device.site}.{config.device.name}",
        will=Message(topics.availability, b"offline", 1, True),
        login=login(config.mqtt),
        tls=tls_context(config.mqtt),
        subscriptions=(*requests, *status, topics.availability),
    )
