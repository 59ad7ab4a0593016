"""The configuration in force, without secrets, and digests by which to hold a device against it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from edge import __version__
from edge.config import read as settings
from edge.config.tables import Config
from edge.dossier.markdown import document, table
from edge.publish.device_info import without_secrets
from edge.runtime.networks.card import Card

FILE = "configuration.toml"


def public(config: Config) -> Config:
    """The same without what may be secret in an address, as `info` publishes it."""
    told = without_secrets(config) | {"operator": msgspec.to_builtins(config.operator)}
    return msgspec.convert(told, Config)


def configuration(config: Config, cards: Iterable[Card]) -> str:
    """The document."""
    rows = [(f"network `{card.name}`", f"`{card.sha256}`") for card in cards]
    text = settings.as_toml(public(config))
    rows.insert(0, (f"`{FILE}` beside this document", f"`{digest(text)}`"))
    return document(
        "Configuration",
        f"`{FILE}` beside this document is the whole configuration in force, every key under what "
        "it means; of the addresses of cameras no more than scheme and host is shown.",
        f"Made with agender-edge {__version__}. A device publishes its version, its configuration "
        "and the digests of its networks as `info`, so that it can be held against this:",
        table(("", "SHA-256"), rows),
        "Changed from the defaults:",
        f"```toml\n{settings.changed_as_toml(public(config))}```",
    )


def digest(text: str) -> str:
    """SHA-256 of a text file in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
