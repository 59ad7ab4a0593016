"""k-threshold: a window's cells → totals and cells that tell nothing of fewer than k people.

Three views of the same people are published: by gender, by age band, and by both. A cell of the
joint view with fewer than k people is folded into its gender's and its band's total; a total
with fewer than k people is folded into "unknown". What could be had by subtraction is folded too
(complementary suppression; Hundepool et al., *Statistical Disclosure Control*, 2012, ch. 4): the
people withheld from the totals, or from beside the told cells of a gender or band, are none, or
at least k, or all there are. People of whom nothing was known are no company for them: an
"unknown" that nobody was folded into may be small, for it tells nothing of anybody.
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
    known = {cell: count for cell, count in raw.items() if UNKNOWN not in cell}
    cells = {
        (gender, age): count
        for (gender, age), count in known.items()
        if gender in genders and age in ages and count >= k
    }
    while (victim := _betraying(cells, known, k)) is not None:
        del cells[victim]
    return Folded(genders, ages, cells, _suppressed(raw, genders, ages, cells))


def _totals(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for key, count in pairs:
        totals[key] += count
    return totals


def _margin(totals: Counter[str], k: int) -> dict[str, int]:
    """Totals with the small ones, and whom they need for company, moved to "unknown"."""
    unknown = totals.pop(UNKNOWN, 0)
    shown = sorted(totals, key=lambda key: (totals[key], key))
    hidden = 0
    while shown and (totals[shown[0]] < k or 0 < hidden < k):
        hidden += totals[shown.pop(0)]
    margin = {key: totals[key] for key in sorted(shown)}
    return {**margin, UNKNOWN: unknown + hidden} if unknown + hidden else margin


def _betraying(cells: Mapping[Cell, int], known: Mapping[Cell, int], k: int) -> Cell | None:
    """The next cell to withhold: the smallest one beside fewer than k withheld people."""
    found = []
    for side in (0, 1):
        withheld = _totals(
            (cell[side], count) for cell, count in known.items() if cell not in cells
        )
        found += [cell for cell in cells if 0 < withheld[cell[side]] < k]
    return min(found, key=lambda cell: (cells[cell], cell)) if found else None


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
