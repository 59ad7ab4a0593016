"""Flags that several verbs share, and what they mean as `key=value` overrides."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

from edge.broker_address import TLS_PORT, broker_overrides
from edge.config.read import SYSTEM_FILE
from edge.config.tables import Config
from edge.errors import ConfigError

FLAGS = {
    "source": ("source.uri", "URI", "picamera, /dev/video0, rtsp://…, a file or a folder"),
    "site": ("device.site", "NAME", "the place, first level of the topics"),
    "device": ("device.name", "NAME", "this device's name in the topics"),
    "detector": ("detector.model", "NAME", "near, far, crowd, or a model card's name"),
    "window-s": ("window.length_s", "SECONDS", "length of a window"),
    "state-dir": ("paths.state", "FOLDER", "where the outbox lies"),
    "models-dir": ("paths.models", "FOLDER", "where models and cards lie"),
    "log-level": ("log.level", "LEVEL", "debug, info, warning or error"),
}
"""Flag → the configuration key it overrides, its placeholder, its help."""

RECORDED = {
    "recorded-at": (
        "source.recorded_at", "TIME",
        "when the recording began, as 2026-05-01T10:00 by window.timezone or with +02:00",
    ),
}  # fmt: skip
"""The same, for verbs that play recordings."""

ELSEWHERE = {
    "device.name": "the host's name",
    "paths.state": "$XDG_STATE_HOME/agender-edge, or ~/.local/state/agender-edge",
    "paths.models": "those of the package",
    "source.recorded_at": "now",
}
"""Defaults that differ from machine to machine, in words."""


def default_of(key: str) -> str:
    """The default of a key of the configuration, in words."""
    if key in ELSEWHERE:
        return ELSEWHERE[key]
    section, _, name = key.partition(".")
    held = getattr(getattr(_defaults(), section), name)
    return f"{held:g}" if isinstance(held, float) else str(held)


@cache
def _defaults() -> Config:
    """Made once: the help of every verb asks for each of them."""
    return Config()


def add_configuration(
    parser: argparse.ArgumentParser, *, logs: bool = True, recordings: bool = False
) -> None:
    """Add the flags that choose and override the configuration; `logs`: also those of the log."""
    group = parser.add_argument_group("configuration")
    for flag, (key, placeholder, text) in (FLAGS | (RECORDED if recordings else {})).items():
        group.add_argument(
            f"--{flag}", metavar=placeholder, help=f"{text} ({key}; default: {default_of(key)})"
        )
    add_broker(group)
    add_loudness(parser, logs=logs)


def add_broker(group: argparse._ArgumentGroup) -> None:
    """Add what any verb with a broker needs: the file, the broker, and any other key."""
    group.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"a TOML file (default: {SYSTEM_FILE}, where there is one)",
    )
    group.add_argument(
        "--broker",
        metavar="HOST[:PORT]",
        help="the broker, or an address of WebSockets (mqtt.host, mqtt.port …; default: "
        f"{default_of('mqtt.host')}:{default_of('mqtt.port')}, with mqtt.tls :{TLS_PORT})",
    )
    group.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any key of the configuration, e.g. --set privacy.k=5; may be given several times "
        "(default: none; `agender-edge config show` lists the keys)",
    )


def add_loudness(parser: argparse.ArgumentParser, *, logs: bool) -> None:
    """Add --quiet and --verbose; `logs`: whether they choose the log's level."""
    parser.set_defaults(logs=logs)
    group = parser.add_mutually_exclusive_group()
    quiet = "errors and results only" + (" (as --log-level error)" if logs else "")
    loud = "say more" + (" (as --log-level debug)" if logs else "")
    group.add_argument("-q", "--quiet", action="store_true", help=quiet)
    group.add_argument("-v", "--verbose", action="store_true",
                       help=f"{loud}, and show where the system refused a file")  # fmt: skip


def overrides(parsed: argparse.Namespace) -> list[str]:
    """The flags given, as `key=value`; `--set` comes last and so is strongest."""
    found = []
    for flag, (key, _, text) in (FLAGS | RECORDED).items():
        value = getattr(parsed, flag.replace("-", "_"), None)
        if value == "":
            raise ConfigError(f"--{flag} is empty: name {text}, or leave it out ({key})")
        if value is not None:
            found.append(f"{key}={value}")
    if parsed.broker is not None:
        found += broker_overrides(parsed.broker)
    return [*found, *_loudness(parsed), *parsed.overrides]


def _loudness(parsed: argparse.Namespace) -> list[str]:
    """What --quiet and --verbose mean to the log, where there is one."""
    if not getattr(parsed, "logs", False):
        return []
    levels = [("error", parsed.quiet), ("debug", parsed.verbose)]
    chosen = [level for level, given in levels if given]
    if chosen and getattr(parsed, "log_level", None):
        raise ConfigError("--log-level and --quiet or --verbose: give one of them")
    return [f"log.level={level}" for level in chosen]
