"""One connection to the broker, just to see whether it takes us."""

from __future__ import annotations

import select
import time
from random import Random

from edge.config import Config
from edge.publish.credentials import login, tls_context
from edge.publish.link import Events, Identity, Link


def probe(config: Config) -> str:
    """Why the broker does not take this device, in a sentence; empty where it does.

    Connects under an id of its own, so that a running publisher is not thrown out.
    """
    identity = Identity(
        client_id=f"agender.{config.device.site}.{config.device.name}.doctor",
        will=None,
        login=login(config.mqtt),
        tls=tls_context(config.mqtt),
    )
    nothing = Events(lambda: None, lambda: None, lambda *_: None, lambda *_: None)
    link = Link(config.mqtt, identity, nothing, random=Random())
    until_s = time.monotonic() + config.mqtt.timeout_s
    while not link.up and time.monotonic() < until_s:
        link.step(time.monotonic())
        fileno = link.fileno()
        if fileno is None:
            return link.trouble
        readable, _, _ = select.select([fileno], [], [], 0.1)
        link.ready(time.monotonic(), readable=bool(readable), writable=link.wants_write())
    trouble = "" if link.up else link.trouble or "the broker does not answer"
    link.close()
    return trouble
