"""Units of time → agreement of people, sexes, bands and lines, each with its verdict.

What is unknown is not guessed. People whose sex the device does not tell (unknown, or withheld
with fewer than k in a window) may all be women, or none; so may those of whom the auditor was
unsure. So a bias has two ends, by the worst cases (Horowitz and Manski, JASA 95, 2000), and the
interval reaches from the lower end's to the upper end's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edge.audit.agreement import (
    BINS_MIN,
    Interval,
    Pair,
    Rule,
    Verdict,
    interval,
    lacking,
    verdict,
)
from edge.audit.match import Unit
from edge.messages.bands import SCHEMES, TOLD_GENDERS


class Agreement(NamedTuple):
    """One quantity, under its key in the `counts` message."""

    key: str
    bins: int
    tallied: float
    """Without the `unsure`, who may belong to it as well."""
    unsure: float
    told: int
    """Without the `unknown`."""
    unknown: int
    low: Interval | None
    """By the least the device may mean and the most that may have been tallied; else `high`."""
    high: Interval | None
    verdict: Verdict
    more: int | None
    """People lacking for a verdict; None with a verdict, and where no number would give one."""
    why: str
    """Why no number of people would."""

    @property
    def bias(self) -> tuple[float, float] | None:
        """Its two ends, the same where nothing is unknown."""
        if self.low is None or self.high is None:
            return None
        return self.low.bias, self.high.bias

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval."""
        if self.low is None or self.high is None:
            return None
        return _outer(self.low, self.high)


class _Part(NamedTuple):
    """A quantity in one unit."""

    tallied: float
    unsure: float
    told: int
    unknown: int


def compared(units: Sequence[Unit], rule: Rule) -> list[Agreement]:
    """Of all that was tallied: people first, then sexes, bands and lines."""
    keys = [key for key in _keys(units) if any(key in unit.keys for unit in units)]
    return [_agreement(key, [*_parts(key, units)], rule) for key in keys or ["people"]]


def _keys(units: Sequence[Unit]) -> Iterator[str]:
    yield from ("people", *TOLD_GENDERS)
    for bands in SCHEMES.values():
        yield from (f"age_{band}" for band in bands)
    yield from sorted({key for unit in units for key in unit.keys if key.startswith("line_")})


def _parts(key: str, units: Sequence[Unit]) -> Iterator[_Part]:
    for unit in units:
        if key in unit.keys and not _not_comparable(key, unit):
            yield _part(key, unit)


def _part(key: str, unit: Unit) -> _Part:
    sums, tallied = unit.told.sums, unit.tallied
    others = {"f": "gender_unknown", "m": "gender_unknown", "a": "age_unknown"}.get(key[0])
    if others is None:
        return _Part(tallied[key], 0, sums[key], 0)
    return _Part(tallied[key], tallied[others], sums[key], sums[others] + sums["untold_people"])


def _not_comparable(key: str, unit: Unit) -> bool:
    """Whether the device tells this otherwise: other bands, or a line that is folded or not told.

    A folded line's 0 may be up to k − 1, and how many of its windows were so is not known.
    """
    sums = unit.told.sums
    if key.startswith("line_"):
        return unit.told.folded or sums["lines_untold_people"] > 0
    if key.startswith("age_"):
        ours = next(bands for bands in SCHEMES.values() if key.removeprefix("age_") in bands)
        others = (band for bands in SCHEMES.values() for band in bands if band not in ours)
        return any(sums[f"age_{band}"] for band in others)
    return False


def _agreement(key: str, parts: Sequence[_Part], rule: Rule) -> Agreement:
    tallied, unsure = (sum(part[i] for part in parts) for i in (0, 1))
    told, unknown = (sum(part[i] for part in parts) for i in (2, 3))
    low = interval([Pair(part.told - part.unsure, part.tallied) for part in parts], rule)
    high = interval([Pair(part.told + part.unknown, part.tallied) for part in parts], rule)
    found = Verdict.NOT_ENOUGH
    if low is not None and high is not None:
        found = verdict(*_outer(low, high), len(parts), rule)
    more, why = (None, "") if found is not Verdict.NOT_ENOUGH else _more(low, high, tallied, rule)
    if tallied and len(parts) < BINS_MIN:
        more, why = None, f"fewer than {BINS_MIN} bins"
    return Agreement(
        key, len(parts), tallied, unsure, int(told), int(unknown), low, high, found, more, why
    )


def _outer(low: Interval, high: Interval) -> tuple[float, float]:
    return min(low.low, high.low), max(low.high, high.high)


def _more(
    low: Interval | None, high: Interval | None, tallied: float, rule: Rule
) -> tuple[int | None, str]:
    """How many more people a verdict takes, or why no number of them gives one."""
    if low is None or high is None:
        return None, "nobody was tallied"
    outer = max(low, high, key=lambda end: abs(end.bias))
    inner = min(low, high, key=lambda end: abs(end.bias))
    same_side = low.bias * high.bias > 0
    if abs(outer.bias) >= rule.margin and not (same_side and abs(inner.bias) > rule.margin):
        if low != high:
            return None, "too much is unknown"
        return None, "the bias lies at the margin"
    decisive = outer if abs(outer.bias) < rule.margin else inner
    more = lacking(decisive, tallied, rule)
    return more, "" if more is not None else "the bias lies at the margin"
