"""The configuration that a kit carries: checked here, so that no device has to refuse it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from edge.broker_address import AUTO
from edge.config import address
from edge.config import read as settings
from edge.config.broker import Mqtt
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.flash.devices import Device
from edge.publish.auto_broker import LIBRARIES

Overrides = Callable[[argparse.Namespace], list[str]]
CA_FILE = "/etc/agender-edge/ca.pem"
MODELS = "/opt/agender-edge/current/models"


def configuration(parsed: argparse.Namespace, overrides: Overrides, device: Device) -> Config:
    """File and flags, for one device; ConfigError as on the device itself."""
    own = {"device": device.name, "site": device.site, "source": device.source}
    keys = overrides(argparse.Namespace(**(vars(parsed) | own)))
    keys += [f"mqtt.username={device.username}"] if device.username else []
    if parsed.tls_ca:
        keys += ["mqtt.tls=true", f"mqtt.ca_file={CA_FILE}"]
    if parsed.models:
        keys.append(f"paths.models={MODELS}")
    given = (
        settings.Given(f"--devices {parsed.devices}, device {device.name}",
                       [f"source.uri={json.dumps(device.camera)}"])
        if device.camera
        else None
    )  # fmt: skip
    # Without any file settings.load would read that of this machine's own installation.
    file = parsed.config or Path(os.devnull)
    config = settings.load(file, keys, given, privacy_of=parsed.privacy_of)
    _check(config)
    return config


def _check(config: Config) -> None:
    if config.mqtt.host == Mqtt().host:
        raise ConfigError("--broker is missing: name the host that the counts go to")
    if config.mqtt.password_file:
        raise ConfigError(
            "mqtt.password_file is a file on the device; name one here with --password-file, and "
            "the kit brings it there"
        )
    for key, value, extra in (
        ("privacy.epsilon", config.privacy.epsilon, "privacy"),
        ("metrics.port", config.metrics.port, "metrics"),
    ):
        if value:
            raise ConfigError(f"{key} = {value}: needs the extra {extra!r}, which no kit carries")


def check_models(config: Config, folder: Path) -> None:
    """Refuse a model whose card is not in `folder`, or that `commercial_only` does not let run."""
    # These bring OpenCV, for this alone.
    from edge.runtime.networks.licences import require_commercial  # noqa: PLC0415
    from edge.runtime.networks.presets import HAAR, PRESETS  # noqa: PLC0415

    available = {path.stem for path in folder.glob("*.json")}
    named = (*PRESETS.get(config.detector.model, (config.detector.model,)),
             *config.estimator.models)  # fmt: skip
    missing = [name for name in named if name not in available and name != HAAR]
    if missing:
        raise UserError(
            f"no model {missing[0]} in the kit; there are: {', '.join(sorted(available))}"
        )
    require_commercial(replace(config, paths=replace(config.paths, models=str(folder))))


def needs_network(config: Config) -> bool:
    """Whether the source is a camera on the network."""
    return address.needs_network(config.source.uri)


def packages(*configs: Config) -> tuple[str, ...]:
    """What apt installs, for all cameras; picamera2 is in Raspberry Pi's own archive alone."""
    pi_camera = any(config.source.uri.startswith("picamera") for config in configs)
    camera = ("python3-picamera2",) if pi_camera else ()
    found = any(to.host == AUTO for config in configs for to in config.mqtt.endpoints)
    return ("python3-numpy", *camera, *(LIBRARIES.values() if found else ()))
