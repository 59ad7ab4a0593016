"""Configuration and vision's hello → the `info` message, without a secret in it."""

from __future__ import annotations

import platform
import time
from typing import Any

import msgspec

from edge import __version__
from edge.config.broker import Mqtt
from edge.config.tables import Config
from edge.messages.counts import counts_schema
from edge.messages.fields import timestamp
from edge.messages.live import Exposure, Hello
from edge.messages.messages import Audited, Guarantees, Info
from edge.publish.connection import Connection
from edge.publish.message import Message
from edge.publish.topics import Topics
from edge.redact import shown

SET = "(set)"
SHED = ("config_schema", "counts_schema", "config")
"""What `info` leaves out first where the broker takes no packet as long; all are in the package."""


def without_secrets(config: Config) -> dict[str, Any]:
    """The configuration in force: addresses as scheme, host and port; no user at the broker.

    Some brokers take a token for a user name, others one in the path of WebSockets.
    """
    plain: dict[str, Any] = _shown(msgspec.to_builtins(config))
    for key in ("uri", "detect_uri"):
        plain["source"][key] = shown(getattr(config.source, key))
    plain["window"]["length_s"] = config.window_s
    if config.mqtt.username:
        plain["mqtt"]["username"] = SET
    if config.mqtt.path != Mqtt().path:
        plain["mqtt"]["path"] = f"/{SET}"
    return plain


def _shown(value: Any) -> Any:
    """A value with every address in it, however deep, shown without what may be secret."""
    if isinstance(value, dict):
        return {key: _shown(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(held) for held in value]
    return shown(value) if isinstance(value, str) and "://" in value else value


def describe(
    config: Config,
    hello: Hello | None,
    wall_s: float,
    given_up: tuple[str, ...] = (),
    audit: Audited | None = None,
) -> Info:
    """What this device is, right now; `given_up` is what its broker does not allow for."""
    return Info(
        time=timestamp(wall_s),
        site=config.device.site,
        device=config.device.name,
        version=__version__,
        python=platform.python_version(),
        boot=hello.boot if hello else None,
        camera_kind=hello.camera_kind if hello else None,
        models=hello.models if hello else (),
        commands=config.commands.enabled,
        guarantees=guarantees(config, hello),
        aiming=hello.aiming if hello else False,
        audit=audit,
        config=without_secrets(config),
        config_schema=msgspec.json.schema(Config),
        counts_schema=counts_schema(),
        given_up=given_up,
    )


def shortened(info: Info, room_bytes: int) -> Info:
    """`info` without as much of `SHED` as makes its JSON fit into `room_bytes`."""
    shed = iter(SHED)
    while len(msgspec.json.encode(info)) > room_bytes:
        key = next(shed, None)
        if key is None:
            break
        given_up = (*info.given_up, key)
        info = msgspec.structs.replace(info, **{key: None}, given_up=given_up)
    return info


def fitting(
    config: Config,
    hello: Hello | None,
    connection: Connection,
    announcement: Message | None,
    audit: Audited | None = None,
) -> Info:
    """What this device is, as its broker takes it; `announcement` is discovery, where it is on."""
    given_up = connection.abilities.given_up
    if announcement is not None and not connection.packet_limit.fits(announcement):
        given_up = (*given_up, "discovery")
    info = describe(config, hello, time.time(), given_up, audit)
    return shortened(info, connection.packet_limit.room(Topics(config).info))


def guarantees(config: Config, hello: Hello | None) -> Guarantees:
    """What of a person can leave: as configured, and as vision found its own process to be."""
    found = hello.exposure if hello else Exposure()
    return Guarantees(
        vision_without_network=_not(found.network),
        vision_without_sockets=_not(found.sockets),
        vision_without_core_dumps=_not(found.core_dumps),
        vision_without_swap=_not(found.swap),
        vision_memory_limited=found.memory_limited,
        broker_encrypted=config.mqtt.encrypted,
        k=config.privacy.k,
        window_min_s=config.privacy.window_min_s if config.privacy.k > 1 else None,
        profile=config.privacy.profile,
        epsilon=config.privacy.epsilon,
        epsilon_spent=hello.epsilon_spent if hello else None,
    )


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found
