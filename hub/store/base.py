"""What every store can do, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from hub.message import Refused, Window

Member = tuple[str, str]
"""A device's site and name."""

Answer = list[dict[str, Any]]


class Written(NamedTuple):
    """How many windows of a batch were new, and how many were there before."""

    new: int
    repeated: int


class AwayError(Exception):
    """The store can't be written now; the same batch may be written later."""


class UnfitError(Exception):
    """The store can't hold something in this batch, now or later."""


class Store(Protocol):
    """Keeps each window once, whoever else writes to it at the same time."""

    def write(self, windows: Sequence[Window], refused: Sequence[Refused], now_ms: int) -> Written:
        """Commit all of it, for good, or none. AwayError and UnfitError say that it was none."""

    def ask(self, query: str, values: Mapping[str, Any]) -> Answer:
        """The rows that answer a query with `:named` values; StoreError where it can't be asked."""

    def group(self, name: str, members: Sequence[Member]) -> None:
        """Let these be the devices of a group, no others; without any there is no such group.

        StoreError where it can't be changed.
        """

    def close(self) -> None:
        """Let go of it."""


def is_postgresql(address: str) -> bool:
    """Whether a store's address is one of PostgreSQL, else it is a path."""
    return address.startswith(("postgresql://", "postgres://"))


def has_password(address: str) -> bool:
    """Whether an address holds a password, which `ps` would show on a command line."""
    parts = urlsplit(address)
    return parts.password is not None or "password=" in parts.query


def shown(address: str) -> str:
    """A store's address fit for a log: of PostgreSQL's host, port and database only."""
    if not is_postgresql(address):
        return address
    return f"postgresql://{urlsplit(address).netloc.rpartition('@')[2]}{urlsplit(address).path}"
