"""The client library's client for one attempt, as who connects and the settings ask for."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import NamedTuple

from paho.mqtt.enums import CallbackAPIVersion

from edge.broker_address import Endpoint
from edge.config.broker import Mqtt
from edge.config.proxy import proxy_of
from edge.publish.abilities import Abilities
from edge.publish.auto_broker import may_ask_dns
from edge.publish.bounded_client import MAX_INCOMING_BYTES, BoundedClient
from edge.publish.credentials import Login
from edge.publish.message import Message
from edge.publish.versions import Versions

CONNECT_MAX_S = 60.0
"""The longest that connecting may block: the watchdog of the unit ends us after 90 s."""
MAX_QUEUED = 256
"""Publishes of QoS 1 that are sent or wait for the send quota; beyond, none is taken."""


class Events(NamedTuple):
    """Whom the link tells: connected, lost, a message came (topic, payload, retained), and a
    publish was answered (its id, None or why it was refused).
    """

    connected: Callable[[], None]
    lost: Callable[[], None]
    received: Callable[[str, bytes, bool], None]
    answered: Callable[[int, str | None], None]


class Identity(NamedTuple):
    """Who connects (id, last will, login, certificates), and what it listens to from then on."""

    client_id: str
    will: Message | None
    login: Login
    tls: ssl.SSLContext | None
    subscriptions: tuple[str, ...] = ()
    max_incoming_bytes: int = MAX_INCOMING_BYTES


def new_client(
    settings: Mqtt, to: Endpoint, who: Identity, versions: Versions, abilities: Abilities
) -> BoundedClient:
    """A client that is not yet connected and tells nobody anything."""
    client = BoundedClient(
        CallbackAPIVersion.VERSION2,
        client_id=who.client_id,
        protocol=versions.current,
        reconnect_on_failure=False,
        **versions.client_arguments(),
    )
    client.to = to
    client.proxy = proxy_of(settings.proxy)
    client.pins = settings.pinned
    client.ask_dns = may_ask_dns(settings, tls=to.tls)
    client.connect_timeout = min(settings.timeout_s, CONNECT_MAX_S)
    client.max_queued_messages = MAX_QUEUED
    client.max_inflight_messages = settings.max_in_flight
    client.max_incoming_bytes = who.max_incoming_bytes
    if who.will is not None:
        client.will_set(*abilities.fitted(who.will))
    if who.login.username is not None:
        client.username_pw_set(who.login.username, who.login.password)
    if who.tls is not None and to.tls:
        client.tls_set_context(who.tls)
    return client
