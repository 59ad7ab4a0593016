"""k-threshold: a window's cells → totals and cells that tell nothing of fewer than k people.

Three views of the same people are published: by gender, by age band, and by both. A cell of the
joint view with fewer than k people is folded into its gender's and its band's total; a total
with fewer than k people is folded into "unknown". What can be had by subtraction is folded too
(complementary suppression; Hundepool et al., *Statistical Disclosure Control*, 2012, ch. 4):
the remainder of a gender or band that its shown cells leave, and the "unknown" that the shown
totals leave, is 0, or at least k, or everyone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Cell = tuple[str, str]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Folded:
    """What may be told. `genders` and `ages` each sum to the people; absent means 0.

    `cells` holds the (gender, age band) cells that may be told beside them; the rest of a
    gender's total has no told age beside it. `suppressed` counts the people of whom less is
    told than was known.
    """

    genders: Mapping[str, int]
    ages: Mapping[str, int]
    cells: Mapping[Cell, int]
    suppressed: int

    @property
    def people(self) -> int:
        """Everyone."""
        return sum(self.genders.values())


def fold(raw: Mapping[Cell, int], k: int) -> Folded:
    """The raw (gender, age band) cells under the threshold k; k = 1 tells everything."""
    raw = {cell: count for cell, count in raw.items() if count > 0}
    genders = _margin(_totals((gender, count) for (gender, _), count in raw.items()), k)
    ages = _margin(_totals((age, count) for (_, age), count in raw.items()), k)
    cells = {
        (gender, age): count
        for (gender, age), count in raw.items()
        if genders.get(gender) and ages.get(age) and UNKNOWN not in (gender, age) and count >= k
    }
    while (victim := _betrayed(cells, genders, ages, k)) is not None:
        del cells[victim]
    return Folded(genders, ages, cells, _suppressed(raw, genders, ages, cells))


def _totals(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for key, count in pairs:
        totals[key] += count
    return totals


def _margin(totals: Counter[str], k: int) -> dict[str, int]:
    """Totals with the small ones, and then the smallest ones, moved to "unknown"."""
    unknown = totals.pop(UNKNOWN, 0)
    shown = sorted(totals, key=lambda key: (totals[key], key))
    while shown and (totals[shown[0]] < k or 0 < unknown < k):
        unknown += totals[shown.pop(0)]
    margin = {key: totals[key] for key in sorted(shown)}
    return {**margin, UNKNOWN: unknown} if unknown else margin


def _betrayed(
    cells: Mapping[Cell, int], genders: Mapping[str, int], ages: Mapping[str, int], k: int
) -> Cell | None:
    """The next cell to withhold: the smallest beside a remainder of fewer than k people."""
    small = []
    for side, totals in ((0, genders), (1, ages)):
        for key, total in totals.items():
            row = {cell: count for cell, count in cells.items() if cell[side] == key}
            if row and 0 < total - sum(row.values()) < k:
                small.append(min(row, key=lambda cell: (row[cell], cell)))
    return min(small, key=lambda cell: (cells[cell], cell)) if small else None


def _suppressed(
    raw: Mapping[Cell, int],
    genders: Mapping[str, int],
    ages: Mapping[str, int],
    cells: Mapping[Cell, int],
) -> int:
    """The people whose gender, age or combination of both is told less well than known."""
    hidden = 0
    for (gender, age), count in raw.items():
        told = (
            (gender == UNKNOWN or gender in genders)
            and (age == UNKNOWN or age in ages)
            and (UNKNOWN in (gender, age) or (gender, age) in cells)
        )
        hidden += 0 if told else count
    return hidden
