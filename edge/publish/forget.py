"""The verb `forget`: take back what a device has retained at the broker."""

from __future__ import annotations

import logging
import time
from random import Random

from edge import log as logs
from edge.config import Config
from edge.errors import UserError
from edge.publish import discovery
from edge.publish.credentials import login, tls_context
from edge.publish.link import Events, Identity, Link
from edge.publish.message import Message
from edge.publish.topics import Topics
from edge.publish.turn import turn_link

log = logging.getLogger("forget")


def forget(config: Config) -> int:
    """Clear the device's retained messages and its entities in Home Assistant; the exit status.

    UserError where the broker isn't reached, or doesn't acknowledge, in `mqtt.timeout_s`.
    """
    logs.set_up(config.log.level)
    topics = (*Topics(config.device).retained, discovery.topic(config))
    waiting: set[int] = set()
    refusals: list[str] = []

    def connected() -> None:
        for topic in topics:
            message_id = link.publish(Message(topic, b"", 1, True))
            if message_id is not None:
                waiting.add(message_id)

    def answered(message_id: int, refusal: str | None) -> None:
        waiting.discard(message_id)
        refusals.extend([refusal] if refusal else [])

    who = Identity(
        f"agender-forget.{config.device.site}.{config.device.name}",
        None,
        login(config.mqtt),
        tls_context(config.mqtt),
    )
    events = Events(connected, lambda: None, lambda *_: None, answered)
    link = Link(config.mqtt, who, events, random=Random())
    end_s = time.monotonic() + config.mqtt.timeout_s
    while (not link.connects or waiting) and time.monotonic() < end_s:
        turn_link(link, 0.05)
    link.close()
    if refusals or waiting or not link.connects:
        reason = refusals[0] if refusals else link.trouble or "it does not acknowledge"
        raise UserError(
            f"the broker {config.mqtt.host}:{config.mqtt.port} forgot nothing: {reason}"
        )
    print(f"the broker has forgotten {Topics(config.device).base}")
    return 0
