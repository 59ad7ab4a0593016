"""Configuration and vision's hello → the `info` message, without a secret in it."""

from __future__ import annotations

import platform
from typing import Any

import msgspec

from edge import __version__
from edge.config import Config
from edge.live import Hello
from edge.messages import Guarantees, Info, counts_schema, timestamp
from edge.redact import shown


def without_secrets(config: Config) -> dict[str, Any]:
    """The configuration in force; the camera's address without user, password and query."""
    plain: dict[str, Any] = msgspec.to_builtins(config)
    plain["source"]["uri"] = shown(plain["source"]["uri"])
    return plain


def describe(config: Config, hello: Hello | None, wall_s: float) -> Info:
    """What this device is, right now."""
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
        guarantees=Guarantees(
            vision_without_network=_without_network(hello),
            broker_encrypted=config.mqtt.tls,
            k=config.privacy.k,
            epsilon=config.privacy.epsilon,
            epsilon_spent=hello.epsilon_spent if hello else None,
        ),
        config=without_secrets(config),
        config_schema=msgspec.json.schema(Config),
        counts_schema=counts_schema(),
    )


def _without_network(hello: Hello | None) -> bool | None:
    return None if hello is None or hello.network is None else not hello.network
