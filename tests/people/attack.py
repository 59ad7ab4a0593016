"""The reader who knows the algorithm: every raw table of a small size, and every fall of the coin.

For each message the reader lists the *worlds*: all raw tables that can give it. A group of people,
any union of classes, is betrayed where it has 1 … k − 1 people in every world: its number is then
determined to be within that range, or bounded to a part of it. Whoever knows less can tell no more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.privacy.fold import Cell

Raw = tuple[int, ...]
"""People of each class."""
Method = Callable[[Raw, "Scripted"], Hashable]
"""What is told of a raw table, given a coin."""


@dataclass
class Scripted:
    """A coin that falls as written; beyond that it falls true, and writes it down."""

    falls: list[bool] = field(default_factory=list)
    at: int = 0

    def __call__(self, a: int, b: int) -> bool:
        """True with probability a / b: only where both sides can come up is there a fall."""
        if not 0 < a < b:
            return a >= b
        if self.at == len(self.falls):
            self.falls.append(True)
        self.at += 1
        return self.falls[self.at - 1]


def cells_and_inside(classes: Sequence[tuple[Cell, bool]], raw: Raw) -> tuple[dict[Cell, int], int]:
    """People of each cell, and in the zone, where a class is a cell and whether in the zone."""
    cells: dict[Cell, int] = {}
    for (cell, _), count in zip(classes, raw, strict=True):
        cells[cell] = cells.get(cell, 0) + count
    return cells, sum(n for (_, within), n in zip(classes, raw, strict=True) if within)


def outcomes(method: Method, raw: Raw) -> set[Hashable]:
    """All messages that a raw table can give: every path of the coin is walked."""
    found = set()
    waiting: list[list[bool]] = [[]]
    while waiting:
        written = waiting.pop()
        coin = Scripted(list(written))
        found.add(method(raw, coin))
        for place in range(len(written), len(coin.falls)):
            waiting.append([*coin.falls[:place], False])
    return found


def tables(people: int, classes: int) -> Iterator[Raw]:
    """Every way to spread people over classes."""
    for bars in itertools.combinations(range(people + classes - 1), classes - 1):
        ends = (-1, *bars, people + classes - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(ends))


def unions(classes: int) -> np.ndarray:
    """Classes × groups: each group of classes but none and all, as a column of 0 and 1."""
    chosen = range(1, 2**classes - 1)
    return np.array([[group >> place & 1 for group in chosen] for place in range(classes)])


@dataclass(frozen=True)
class Finding:
    """What the reader found: messages, those that betray somebody, and the first such."""

    messages: int
    betraying: int
    example: tuple[Hashable, Sequence[Raw], Sequence[int]] | None


def attack(method: Method, classes: int, people: int, k: int) -> Finding:
    """Read every message of so many people; the example holds message, worlds and group."""
    worlds: dict[Hashable, list[Raw]] = {}
    for raw in tables(people, classes):
        for message in outcomes(method, raw):
            worlds.setdefault(message, []).append(raw)
    groups = unions(classes)
    betraying, example = 0, None
    for message, possible in worlds.items():
        sizes = np.array(possible) @ groups
        shown = ((sizes >= 1) & (sizes < k)).all(axis=0)
        if shown.any():
            betraying += 1
            example = example or (message, possible, groups[:, shown.argmax()].tolist())
    return Finding(len(worlds), betraying, example)
