"""A told table → the `est_…` keys: how many there really were, with the rounding taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.messages.bands import GENDERS, SCHEMES, TOLD_GENDERS, UNKNOWN, bands_apart
from edge.privacy.fold import Cell, Coin, Table, by_age, by_gender, settle
from edge.privacy.matrices import MATRICES
from edge.privacy.quantify import CHAINS, corrected
from edge.runtime.networks.card import Confusion

REACH = 3.0
"""Bands over which told people are spread when worlds are drawn: rounding moved them there."""
SPREAD = 1.0
"""People that every cell is given besides. Both were chosen for the intervals' coverage
(`python -m benchmarks.folding`)."""

WORLDS = 32
"""Tables drawn for a window; each begins CHAINS / WORLDS of the chains."""


class Estimates:
    """Corrects told tables with the cards' confusions; what has no matrix is not corrected."""

    def __init__(
        self, confusion: Mapping[str, Confusion], bands: Literal["fine", "coarse"], k: int
    ) -> None:
        self._k = k
        self._ages = tuple(SCHEMES[bands])
        self._labels = {"gender": TOLD_GENDERS, "age": self._ages}
        self._cells = [(gender, age) for gender in GENDERS for age in (*self._ages, UNKNOWN)]
        self._kernel = _kernel(self._cells)
        self._matrices = {
            attribute: _matrix(confusion[name], self._labels[attribute])
            for attribute, name in MATRICES[bands].items()
            if name in confusion
        }

    def of(self, table: Table, windows: int = 1) -> dict[str, Any]:
        """The keys of one window, or of a sum of so many `windows` that were told one by one.

        They hang on the told table and the cards alone.
        """
        found: dict[str, Any] = {}
        margins = {"gender": by_gender(table), "age": by_age(table)}
        generator = np.random.default_rng(sum(table.values()))
        worlds = (
            self._worlds(table, windows, margins, generator)
            if self._k > 1 and self._matrices
            else {}
        )
        for attribute, matrix in self._matrices.items():
            labels, told = self._labels[attribute], margins[attribute]
            result = corrected(
                [told.get(label, 0) for label in labels],
                told.get(UNKNOWN, 0),
                matrix,
                worlds=worlds.get(attribute),
            )
            prefix = "est_" if attribute == "gender" else "est_age_"
            for label, value, low, high in zip(labels, *result, strict=True):
                found[f"{prefix}{label}"] = value
                found[f"{prefix}{label}_low"] = low
                found[f"{prefix}{label}_high"] = high
        return found

    def _worlds(
        self,
        told: Table,
        windows: int,
        margins: Mapping[str, Mapping[str, int]],
        generator: np.random.Generator,
    ) -> dict[str, NDArray[np.int64]]:
        """Attribute → CHAINS × (labels + 1): totals that the told ones may be roundings of.

        A parametric bootstrap: raw tables are drawn around the told one and settled like it; what
        that did to their totals, taken back on the told totals, is one world. Of a sum the table of
        a mean window is drawn: its windows were tossed for apart, and fairly, so that what it did
        to the sum is as large as that of one window times the root of their number.
        """
        cells, people = self._cells, sum(told.values())
        nearby = np.asarray([told.get(cell, 0) for cell in cells]) @ self._kernel / windows
        each, root = round(people / windows), windows**0.5
        drawn = generator.multinomial(each, generator.dirichlet(nearby + SPREAD, WORLDS))
        coin = seeded_coin(generator)
        worlds: dict[str, list[list[int]]] = {attribute: [] for attribute in self._labels}
        for counts in drawn.tolist():
            raw = dict(zip(cells, counts, strict=True))
            settled = settle(raw, self._k, coin) or {}
            for attribute, margin in (("gender", by_gender), ("age", by_age)):
                keys = (*self._labels[attribute], UNKNOWN)
                before, after, now = margin(raw), margin(settled), margins[attribute]
                moved = [root * (before.get(key, 0) - after.get(key, 0)) for key in keys]
                world = [now.get(key, 0) + round(m) for key, m in zip(keys, moved, strict=True)]
                worlds[attribute].append(_possible(world, people))
        chains = CHAINS // WORLDS
        return {
            attribute: np.repeat(np.asarray(rows, np.int64), chains, axis=0)
            for attribute, rows in worlds.items()
        }


def _kernel(cells: Sequence[Cell]) -> NDArray[np.float64]:
    """From cell to cell: the share of a told cell's people that may have been in another."""
    near = [
        [
            float(one[0] == other[0]) * np.exp(-bands_apart(one[1], other[1]) / REACH)
            for other in cells
        ]
        for one in cells
    ]
    weights = np.asarray(near)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _possible(world: Sequence[int], people: int) -> list[int]:
    """Totals below nobody set to nobody; the largest make up for it, and for what was rounded."""
    found = [max(count, 0) for count in world]
    missing = people - sum(found)
    for _ in range(abs(missing)):
        found[found.index(max(found))] += 1 if missing > 0 else -1
    return found


def seeded_coin(generator: np.random.Generator) -> Coin:
    """A coin for worlds that are only imagined: it need not be secret, but the same each time."""
    return lambda a, b: bool(generator.integers(b) < a)


def _matrix(confusion: Confusion, labels: Sequence[str]) -> list[list[int]]:
    """The card's confusion in the order of `labels`."""
    order = [confusion.labels.index(label) for label in labels]
    return [[confusion.counts[row][column] for column in order] for row in order]
