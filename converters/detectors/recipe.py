"""What a detector's module offers to the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from converters.sources import Original
from edge.runtime.card import Card


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for; None = the recipe's own default."""

    sizes: tuple[tuple[int, int], ...] | None = None
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A published detector, and how its original becomes (flatbuffer, card) pairs."""

    summary: str
    original: Original
    build: Callable[[bytes, Options], Iterable[tuple[bytes, Card]]]
