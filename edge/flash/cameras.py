"""Further cameras of a device: a configuration file each, called as the camera is."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge.config.read import is_instance
from edge.config.tables import Config
from edge.errors import UserError
from edge.flash.devices import Device


@dataclass(frozen=True, slots=True)
class Further:
    """A further camera: its name, the device that it is at the broker, the flags as it has them."""

    name: str
    device: Device
    parsed: argparse.Namespace


def further(parsed: argparse.Namespace, chosen: Sequence[Device]) -> list[Further]:
    """Those of a command line; UserError where they are of no single device, or have no name."""
    if parsed.camera and len(chosen) > 1:
        raise UserError("--camera names a further camera of one device: make its kit by itself")
    return [_further(parsed, chosen[0], file) for file in parsed.camera]


def _further(parsed: argparse.Namespace, device: Device, file: Path) -> Further:
    name = file.stem
    if not is_instance(name):
        raise UserError(
            f"--camera {file}: the camera is called as the file: letters from A to Z, digits, - "
            "and _, and not config, which is the first camera's"
        )
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no TOML file in UTF-8"
        raise UserError(f"--camera {file}: cannot be read: {reason}") from error
    own, user = _key(table, "device", "name"), _key(table, "mqtt", "username")
    derived = f"{device.username}-{name}" if device.username and not user else ""
    secret = file.with_suffix(".password")
    made = replace(
        device, name=str(own or f"{device.name}-{name}"), source=None, camera=None,
        username=derived, password_file=secret if user or derived or secret.exists() else None,
    )  # fmt: skip
    # What is said of privacy is said of all that the device sees, or the file says otherwise.
    its_own = {"config": file, "privacy_of": parsed.config}
    return Further(name, made, argparse.Namespace(**(vars(parsed) | its_own)))


def _key(table: dict[str, Any], section: str, key: str) -> object:
    held = table.get(section)
    return held.get(key) if isinstance(held, dict) else None


def require_apart(configs: Sequence[Config]) -> None:
    """UserError where two cameras of one device would fight for something."""
    had: dict[str, list[object]] = {
        "source.uri": [config.source.uri for config in configs],
        "device.name": [config.device.name for config in configs],
        "page.port": [config.page.port for config in configs if config.page.enabled],
    }
    for what, values in had.items():
        if len(set(values)) < len(values):
            raise UserError(f"two cameras of the device have the same {what}: give each its own")
