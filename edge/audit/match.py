"""Bins of tallies and spans of the device → pairs that are of the very same time, and what is left.

Bins and windows need not be of one length: both are joined until they begin and end together. What
does not, or has a flaw on either side, is left out, and why is told with how many people it had.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby, pairwise
from typing import NamedTuple

from edge.audit.told import Told
from edge.errors import ConfigError
from edge.tally.file import Tally

NEAR_S = 1.0
"""Ends that are no further apart are the same: windows end at whole seconds."""

NOT_WATCHED = "the auditor did not watch all of it"
UNTOLD = "the device told nothing of it"
APART = "the device's windows, or hours, reach beyond what was tallied"


class Tallied(NamedTuple):
    """A bin, of one auditor or the mean of several, and what was counted in it."""

    start_s: float
    end_s: float
    whole: bool
    counts: dict[str, float]
    keys: frozenset[str]
    """What was tallied; of these what is not in `counts` is 0."""


class Unit(NamedTuple):
    """A span of time that both tell of."""

    start_s: float
    end_s: float
    keys: frozenset[str]
    tallied: Mapping[str, float]
    told: Told


class Left(NamedTuple):
    """Bins that are not held against anything, and the people tallied in them."""

    bins: int
    people: float


class Together(NamedTuple):
    """How far two auditors of the same bins agree: their people, summed over shared bins."""

    bins: int
    people: tuple[int, int]


def bins_of(tally: Tally) -> list[Tallied]:
    """The bins of one tally."""
    return [Tallied(*each.span_s, each.whole, dict(each.counts), tally.keys) for each in tally.bins]


def merged(tallies: Sequence[Tally]) -> tuple[list[Tallied], list[Together]]:
    """The bins of all auditors, those of the same window as their mean, and how far they agree.

    Two looks at the same people are no more people. ConfigError where windows of different length
    overlap: nobody can say then what was seen twice.
    """
    found = sorted((each for tally in tallies for each in bins_of(tally)), key=lambda b: b[:2])
    bins = [_mean(list(same)) for _, same in groupby(found, key=lambda each: each[:2])]
    if len(tallies) > 1:
        for one, other in pairwise(bins):
            if other.start_s < one.end_s - NEAR_S:
                raise ConfigError(
                    "the tallies overlap in windows of different length, so that nobody can say "
                    "who was counted twice: hold them against the device one by one"
                )
    return bins, list(_agreements(tallies))


def _mean(same: list[Tallied]) -> Tallied:
    """Of those who watched all of the window, if there are any; of what all of them tallied."""
    chosen = [each for each in same if each.whole] or same[:1]
    keys = frozenset.intersection(*(each.keys for each in chosen))
    counts = {key: sum(each.counts.get(key, 0) for each in chosen) / len(chosen) for key in keys}
    return chosen[0]._replace(counts=counts, keys=keys)


def _agreements(tallies: Sequence[Tally]) -> Iterator[Together]:
    for one, other in combinations(tallies, 2):
        ours = {each.start: each for each in one.bins if each.whole}
        pairs = [(ours[b.start], b) for b in other.bins if b.whole and b.start in ours]
        if pairs:
            people = [sum(pair[i].counts.get("people", 0) for pair in pairs) for i in (0, 1)]
            yield Together(len(pairs), (people[0], people[1]))


def match(bins: Iterable[Tallied], told: Iterable[Told]) -> tuple[list[Unit], dict[str, Left]]:
    """Units in order of time, and reason → what is left out by it."""
    units: list[Unit] = []
    left: dict[str, Left] = {}
    for ours, theirs in _groups([*bins], [*told]):
        if not ours:
            continue
        reason = _reason(ours, theirs)
        if reason:
            bins_before, people = left.get(reason, Left(0, 0))
            more = sum(each.counts.get("people", 0) for each in ours)
            left[reason] = Left(bins_before + len(ours), people + more)
        else:
            units.append(_unit(ours, theirs))
    return units, left


def _groups(
    bins: Sequence[Tallied], told: Sequence[Told]
) -> Iterator[tuple[list[Tallied], list[Told]]]:
    """Both, in groups that overlap each other by time."""
    ours: list[Tallied] = []
    theirs: list[Told] = []
    end_s = float("-inf")
    every: list[Tallied | Told] = [*bins, *told]
    for each in sorted(every, key=lambda one: one[:2]):
        if each.start_s >= end_s - NEAR_S and (ours or theirs):
            yield ours, theirs
            ours, theirs = [], []
        end_s = max(end_s, each.end_s) if ours or theirs else each.end_s
        if isinstance(each, Told):
            theirs.append(each)
        else:
            ours.append(each)
    yield ours, theirs


def _reason(ours: Sequence[Tallied], theirs: Sequence[Told]) -> str:
    """Why a group can't be compared; empty where it can."""
    if not theirs:
        return UNTOLD
    if not all(each.whole for each in ours):
        return NOT_WATCHED
    flaws = [each.flaw for each in theirs if each.flaw]
    if flaws:
        return flaws[0]
    return "" if _filled(ours, theirs) else APART


def _filled(ours: Sequence[Tallied], theirs: Sequence[Told]) -> bool:
    """Whether both cover the same time, each moment of it once."""
    parts = [[(each.start_s, each.end_s) for each in part] for part in (ours, theirs)]
    start_s = min(start_s for part in parts for start_s, _ in part)
    end_s = max(end_s for part in parts for _, end_s in part)
    lengths = [sum(end_s - start_s for start_s, end_s in part) for part in parts]
    return all(abs(length - (end_s - start_s)) <= NEAR_S for length in lengths)


def _unit(ours: Sequence[Tallied], theirs: Sequence[Told]) -> Unit:
    tallied: defaultdict[str, float] = defaultdict(float)
    for each in ours:
        for key, people in each.counts.items():
            tallied[key] += people
    sums: Counter[str] = Counter()
    for one in theirs:
        sums.update(one.sums)
    keys = frozenset.intersection(*(each.keys for each in ours))
    start_s, end_s = ours[0].start_s, ours[-1].end_s
    return Unit(start_s, end_s, keys, tallied, Told(start_s, end_s, sums))
