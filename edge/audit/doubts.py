"""What makes a tally doubtful: an auditor who was away, or a clock that was not the device's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge.audit.match import Unit

AWAY_BINS = 5
"""So many bins in a row without a key, while the device counted in each, are worth a question."""
SHIFTS = (-3, -2, -1, 1, 2, 3)
SHIFT_BINS = 12
"""Fewer bins fit a shift by chance."""


def doubts(units: Sequence[Unit]) -> list[str]:
    """Sentences; none where nothing is odd."""
    told = [unit.told.sums["people"] for unit in units]
    tallied = [unit.tallied.get("people", 0.0) for unit in units]
    return [*_away(told, tallied), *_shifted(told, tallied)]


def _away(told: Sequence[int], tallied: Sequence[float]) -> Iterator[str]:
    longest: list[int] = []
    run: list[int] = []
    for device, auditor in zip(told, tallied, strict=True):
        run = [*run, device] if device and not auditor else []
        longest = max(longest, run, key=len)
    if len(longest) >= AWAY_BINS:
        yield (
            f"in {len(longest)} bins in a row nobody was tallied, and the device counted "
            f"{sum(longest)} people: did the auditor watch all the time?"
        )


def _shifted(told: Sequence[int], tallied: Sequence[float]) -> Iterator[str]:
    """Whether the device's counts fit those of some bins before or after at least twice as well."""
    if len(told) < SHIFT_BINS:
        return
    here = _apart(told, tallied, 0)
    best = min(SHIFTS, key=lambda by: _apart(told, tallied, by))
    if 2 * _apart(told, tallied, best) < here and here > 0.5:
        when = "later" if best > 0 else "earlier"
        yield (
            f"the device's counts fit the tally far better {abs(best)} bins {when}: was it made by "
            "another clock? Tally on the device itself"
        )


def _apart(told: Sequence[int], tallied: Sequence[float], by: int) -> float:
    """By how many people a bin differs on average, with the device's `by` bins later."""
    pairs = list(zip(told[max(by, 0) :], tallied[max(-by, 0) :], strict=False))
    return sum(abs(device - auditor) for device, auditor in pairs) / len(pairs)
