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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Cell = tuple[str, str]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Folded:
    """What may be told. `genders` and `ages` each sum to the people; absent means 0.

    `cells` holds the (gender, age band) cells that may be told beside them; the rest of a
    gender's total has no told age beside it. `suppressed` counts the people of whom less is
    told than was known. `hidden` names the views, "gender" and "age", whose "unknown" holds
    people of whom something was known.
    """

    genders: Mapping[str, int]
    ages: Mapping[str, int]
    cells: Mapping[Cell, int]
    suppressed: int = 0
    hidden: frozenset[str] = frozenset()

    @property
    def people(self) -> int:
        """Everyone."""
        return sum(self.genders.values())


def fold(raw: Mapping[Cell, int], k: int) -> Folded:
    """The raw (gender, age band) cells under the threshold k; k = 1 tells everything."""
    raw = {cell: count for cell, count in raw.items() if count > 0}
    known_genders = totals((gender, count) for (gender, _), count in raw.items())
    known_ages = totals((age, count) for (_, age), count in raw.items())
    genders, ages = fold_totals(known_genders, k), fold_totals(known_ages, k)
    known = {cell: count for cell, count in raw.items() if UNKNOWN not in cell}
    cells = {
        (gender, age): count
        for (gender, age), count in known.items()
        if gender in genders and age in ages and count >= k
    }
    while (victim := _betraying(cells, known, k)) is not None:
        del cells[victim]
    views = (("gender", known_genders, genders), ("age", known_ages, ages))
    hidden = frozenset(view for view, before, after in views if before != after)
    return Folded(genders, ages, cells, _suppressed(raw, genders, ages, cells), hidden)


def totals(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """(key, count) pairs added up by key."""
    added: dict[str, int] = {}
    for key, count in pairs:
        added[key] = added.get(key, 0) + count
    return added


def fold_totals(known: Mapping[str, int], k: int) -> dict[str, int]:
    """Totals with the small ones, and whom they need for company, moved to "unknown"."""
    shown = sorted(known.keys() - {UNKNOWN}, key=lambda key: (known[key], key))
    hidden = 0
    while shown and (known[shown[0]] < k or 0 < hidden < k):
        hidden += known[shown.pop(0)]
    told = {key: known[key] for key in sorted(shown)}
    unknown = known.get(UNKNOWN, 0) + hidden
    return {**told, UNKNOWN: unknown} if unknown else told


def _betraying(cells: Mapping[Cell, int], known: Mapping[Cell, int], k: int) -> Cell | None:
    """The next cell to withhold: the smallest one beside fewer than k withheld people."""
    found = []
    for side in (0, 1):
        withheld = totals((cell[side], count) for cell, count in known.items() if cell not in cells)
        found += [cell for cell in cells if 0 < withheld.get(cell[side], 0) < k]
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
