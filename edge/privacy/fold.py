"""k-threshold by small-count rounding: a window's raw table → a safe one; all is told from that.

A table maps cells, (gender, age band), to people; "unknown" is a gender and a band like any other.
It is safe where every cell holds nobody or at least k people. `settle` moves people between
neighbouring cells by secret fair tosses until the table is safe. It keeps the number of people and
leaves a safe table as it is. So a reader who knows this file, and everything that is told, cannot
rule out that the told table *is* the raw one; in it every cell, total and complement, indeed every
union of cells, holds nobody or at least k. Hence no message shows, by whatever argument, that some
group has 1 … k − 1 people, nor bounds it to a range that lies within.

It holds only while everything told is computed from the told table or from the number of people.
With fewer than k people only their number is told. A told 0 reads "nobody, or fewer than k". That
the tosses are secret and fair adds that sums are right on average, and that no table is the
likelier one for a reader who could guess them.

The tosses are unbiased controlled rounding (Cox, *A constructive procedure for unbiased controlled
rounding*, JASA 82, 1987), with k for the base and only small counts rounded.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from edge.messages.bands import UNKNOWN, bands_apart

Cell = tuple[str, str]
Table = dict[Cell, int]
Coin = Callable[[int, int], bool]
"""coin(a, b) is true with probability a / b."""

GLANCE_S = 0.5
"""No single look at a face adds more to its attention (`edge.runtime.people.visit.STEP_MAX_S`)."""


def secret_coin(a: int, b: int) -> bool:
    """From the kernel's generator, which nobody can guess."""
    return secrets.randbelow(b) < a


def settle(raw: Mapping[Cell, int], k: int, coin: Coin = secret_coin) -> Table | None:
    """The safe table of a raw one; None where fewer than k people are in it.

    Every count is right on average, the people exactly; a gender's too where all genders,
    "unknown" among them, have none or at least k. An empty table is safe at k = 1 only.
    """
    table = {cell: raw[cell] for cell in sorted(raw) if raw[cell] > 0}
    if sum(table.values()) < k > 1:
        return None
    for any_gender in (False, True):
        while pair := _pair(table, k, any_gender=any_gender):
            _toss(table, *pair, k, coin)
    return table


def _pair(table: Table, k: int, *, any_gender: bool) -> tuple[Cell, Cell] | None:
    """The smallest count under k and the cell it is rounded with, of its gender or of any.

    That is the nearest band; one that is under k too is preferred, so that large cells stay.
    """
    for small in sorted(table, key=lambda cell: (table[cell], cell)):
        if table[small] >= k:
            return None
        others = [cell for cell in table if cell != small and (any_gender or cell[0] == small[0])]
        if others:
            return small, min(
                others, key=lambda cell: (table[cell] >= k, bands_apart(small[1], cell[1]), cell)
            )
    return None


def _toss(table: Table, small: Cell, other: Cell, k: int, coin: Coin) -> None:
    """Two cells toss for their people; on average neither wins any.

    With enough for both, `small` has k or none afterwards; else one of them gets everybody.
    """
    both = table[small] + table[other]
    prize = k if both >= 2 * k else both
    won = prize if coin(table[small], prize) else 0
    for cell, people in ((small, won), (other, both - won)):
        if people:
            table[cell] = people
        else:
            del table[cell]


def zone(count: int, people: int, k: int) -> int | None:
    """A zone's people of all `people`: none, everybody, or at least k on either side of it.

    None under 2k people, which hangs on `people` alone. There is no toss: the same, nested and
    complementary zones stay so, and two zones are not two looks at the same few people. What lies
    in a zone and not in a zone within it is not covered: zones that overlap are warned of.
    """
    if k > 1 and people < 2 * k:
        return None
    if count < k:
        return 0
    return people if count > people - k else count


def line(crossings: int, people: int, k: int) -> int:
    """A line's crossings, which one person may make many of: few, or by few, are told as 0."""
    return crossings if crossings >= k <= people else 0


def lines(ins: int, outs: int, people: int, k: int, coin: Coin = secret_coin) -> tuple[int, int]:
    """Both ways of a line, whose difference is how many more of the people went in than out.

    Nobody goes in twice without going out between. So of `people` and a difference d at most
    (people + d) / 2 went in for good. Where these are fewer than k, the two ways toss, fairly, for
    being told as alike, or as different enough for k.
    """
    told = line(ins, people, k), line(outs, people, k)
    fewer, difference, enough = min(told), abs(told[0] - told[1]), 2 * k - people
    if fewer == 0 or not 0 < difference < enough:
        return told
    more = fewer + (enough if coin(difference, enough) else 0)
    return (more, fewer) if told[0] > told[1] else (fewer, more)


def attention_s(mean_s: float, dwell_s: float) -> float:
    """The mean attention of enough people, of whom few may have looked, or few looked away.

    What one look lasts is known: 0.2 s in all is one person's. So less than GLANCE_S a head is told
    as none, and what lacks less as all of the stay. Whatever is told may then be everybody's.
    """
    if mean_s < GLANCE_S:
        return 0.0
    return dwell_s if dwell_s - mean_s < GLANCE_S else mean_s


def by_gender(table: Mapping[Cell, int]) -> dict[str, int]:
    """A table's people by gender."""
    return _summed(table, 0)


def by_age(table: Mapping[Cell, int]) -> dict[str, int]:
    """A table's people by age band."""
    return _summed(table, 1)


def _summed(table: Mapping[Cell, int], side: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for cell, people in table.items():
        sums[cell[side]] = sums.get(cell[side], 0) + people
    return sums


def of_one(counts: Mapping[str, int], *, age: bool) -> Table:
    """Counts of one attribute as a table in which nothing is known of the other."""
    return {(UNKNOWN, key) if age else (key, UNKNOWN): people for key, people in counts.items()}
