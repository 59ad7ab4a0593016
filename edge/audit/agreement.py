"""Paired counts of bins → relative bias with an interval, an equivalence test, how much is lacking.

The test is the one by which passenger counters are validated: two one-sided t-tests (Schuirmann,
J. Pharmacokin. Biopharm. 15, 1987) on the differences of bins, as VDV-Schrift 457 (version 2.1,
2018) has taken them over from Siebert and Ellenberger (Transportation 47, 2020,
doi:10.1007/s11116-019-09991-9). Bins are of very different size here, so the bias is a ratio of
sums and its error that of a ratio estimator (Cochran, Sampling Techniques, 3rd ed. 1977, eq. 6.9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

BINS_MIN = 6
"""Fewer bins give no verdict: their spread says too little of itself."""

CHANCE = 0.8
"""With which the number of people that is said to be lacking gives a verdict (the test's power)."""

PEOPLE_MAX = 100_000
"""Where more would be needed, no number of people that anybody tallies will decide."""

TOGETHER_MIN = 2.0
"""How many people are taken to be miscounted at once, where no more are: people come in pairs."""

_STEPS = 400
"""Of Simpson's rule; t quantiles are then right to 8 digits (tests/audit/test_agreement.py)."""


class Rule(NamedTuple):
    """`margin`: the relative bias that is allowed, 0.05 for 5 %; `error`: α, on either side."""

    margin: float = 0.05
    error: float = 0.05


class Pair(NamedTuple):
    """A bin: how many the device told, and how many were tallied."""

    told: float
    tallied: float


class Verdict(Enum):
    """What the test says, in words."""

    PASSES = "passes"
    FAILS = "fails"
    NOT_ENOUGH = "not enough seen"


class Interval(NamedTuple):
    """Relative bias Σ(told − tallied) / Σ tallied, and its interval at confidence 1 − 2α.

    `spread` is the standard error times the root of the people tallied: that of one person.
    """

    bias: float
    low: float
    high: float
    spread: float


@cache
def t_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t, for a probability of ½ to 1: its density, summed and inverted.

    Own code: `statistics` has the normal distribution alone, and SciPy is large for one number.
    """
    low, high = 0.0, 1.0
    while _t_above_zero(high, freedom) < probability - 0.5:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        below = _t_above_zero(middle, freedom) < probability - 0.5
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


def _t_above_zero(upto: float, freedom: int) -> float:
    """The probability between 0 and `upto`, by t = √ν · tan θ: the integral of cos^(ν−1) θ."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    step = math.atan(upto / math.sqrt(freedom)) / _STEPS
    inner = ((4 if i % 2 else 2) * math.cos(i * step) ** (freedom - 1) for i in range(1, _STEPS))
    ends = 1.0 + math.cos(_STEPS * step) ** (freedom - 1)
    return scale * step / 3 * (ends + math.fsum(inner))


def interval(pairs: Sequence[Pair], rule: Rule) -> Interval | None:
    """The bias of these bins, 2 or more; None where nobody was tallied.

    The error is that of the residuals told − tallied − bias · tallied of bins, by Student's t.
    It is taken to be no smaller than where people are miscounted at the margin's rate, as many
    `together` as is seen: as in a score test, the variance is that under the hypothesis to be
    refuted (after Farrington and Manning, Stat. Med. 9, 1990). So a few people without an error
    prove nothing. Half a person is added, for counts are whole numbers.
    """
    total = math.fsum(pair.tallied for pair in pairs)
    if total <= 0 or len(pairs) < 2:
        return None
    bias = math.fsum(pair.told - pair.tallied for pair in pairs) / total
    squares = math.fsum((pair.told - (1 + bias) * pair.tallied) ** 2 for pair in pairs)
    seen = math.sqrt(squares * len(pairs) / (len(pairs) - 1)) / total
    wrong = math.fsum(abs(pair.told - pair.tallied) for pair in pairs)
    together = max(squares / wrong, TOGETHER_MIN) if wrong else TOGETHER_MIN
    error = max(seen, math.sqrt(together * rule.margin / total))
    half = t_quantile(1 - rule.error, len(pairs) - 1) * error + 0.5 / total
    return Interval(bias, bias - half, bias + half, error * math.sqrt(total))


def verdict(low: float, high: float, bins: int, rule: Rule) -> Verdict:
    """Passes where the interval lies within the margin, fails where it lies outside of it."""
    if bins < BINS_MIN:
        return Verdict.NOT_ENOUGH
    if -rule.margin < low and high < rule.margin:
        return Verdict.PASSES
    return Verdict.FAILS if high < -rule.margin or low > rule.margin else Verdict.NOT_ENOUGH


def lacking(found: Interval, people: float, rule: Rule) -> int | None:
    """How many more people give a verdict with the chance `CHANCE`; None where no number does.

    Of normal theory, should bias and spread stay as they are: the interval's end is to be away from
    the margin by so many standard errors. Two digits, rounded up.
    """
    normal = NormalDist()
    errors = normal.inv_cdf(1 - rule.error) + normal.inv_cdf(CHANCE)
    away = abs(abs(found.bias) - rule.margin)
    if away == 0:
        return None
    needed = (errors * found.spread / away) ** 2
    if needed > PEOPLE_MAX:
        return None
    more = max(needed - people, 1.0)
    digits: int = 10 ** max(math.floor(math.log10(more)) - 1, 0)
    return math.ceil(more / digits) * digits
