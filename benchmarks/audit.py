"""How often `agender-edge audit` passes a device that is off, and fails one that is not.

Tallies of known bias are simulated: people come to bins by chance and in crowds, and the device
misses each by himself, doubles some, misses whole groups, or counts people a bin late. What the
verdict claims: a device that is off by exactly the margin passes in at most α of all audits, and
fails in at most α. Everything is drawn from a seed; takes seconds.

    python -m benchmarks.audit --markdown     # the tables of docs/audit.md
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.audit.agreement import (
    CHANCE,
    TOGETHER_MIN,
    Interval,
    Pair,
    Rule,
    Verdict,
    interval,
    lacking,
    verdict,
)

Bins = NDArray[np.int64]
"""People by bin."""
Draw = np.random.Generator


def steady(bins: int, people: float, rng: Draw) -> Bins:
    """As many people in each bin, but for chance."""
    return rng.poisson(people, bins)


def bursts(bins: int, people: float, rng: Draw) -> Bins:
    """Rush and calm: the rate of a bin is drawn from a gamma distribution of shape 1."""
    rates_of_bins = rng.gamma(1.0, people, bins)
    return rng.poisson(rates_of_bins)


def alone(true: Bins, bias: float, rng: Draw) -> Bins:
    """Each person is missed, or counted twice, by himself."""
    wrong = rng.binomial(true, abs(bias))
    return true + np.sign(bias).astype(int) * wrong


def both(true: Bins, bias: float, rng: Draw) -> Bins:
    """A tenth are missed and a tenth counted twice, and the bias more of one of them."""
    missed, twice = 0.1 + max(-bias, 0), 0.1 + max(bias, 0)
    return true - rng.binomial(true, missed) + rng.binomial(true, twice)


def groups(true: Bins, bias: float, rng: Draw) -> Bins:
    """Three at once are missed or doubled, as people who hide one another."""
    wrong = 3 * rng.binomial(true, abs(bias) / 3)
    return np.maximum(true + np.sign(bias).astype(int) * wrong, 0)


def late(true: Bins, bias: float, rng: Draw) -> Bins:
    """As `alone`, and of each bin a tenth is counted in the next one."""
    told = alone(true, bias, rng)
    moved = rng.binomial(told, 0.1)
    moved[-1] = 0
    return told - moved + np.roll(moved, 1)


class Scene(NamedTuple):
    """How people come, how the device errs, and how long somebody stands there."""

    come: Callable[[int, float, Draw], Bins]
    err: Callable[[Bins, float, Draw], Bins]
    bins: int
    people: float


SCENES = tuple(
    Scene(come, err, bins, people)
    for come, err in (
        (steady, alone), (bursts, alone), (bursts, both), (bursts, groups), (bursts, late)
    )
    for bins, people in ((6, 60), (30, 2), (60, 5), (120, 10))
)  # fmt: skip


def rates(scene: Scene, bias: float, rule: Rule, audits: int, rng: Draw) -> Counter[Verdict]:
    """Verdict → share of so many audits of a device of this bias."""
    found: Counter[Verdict] = Counter()
    for _ in range(audits):
        true = scene.come(scene.bins, scene.people, rng)
        told = scene.err(true, bias, rng)
        pairs = [Pair(*each) for each in zip(told.tolist(), true.tolist(), strict=True)]
        seen = interval(pairs, rule)
        found[verdict(seen.low, seen.high, len(pairs), rule) if seen else Verdict.NOT_ENOUGH] += 1
    return Counter({each: number / audits for each, number in found.items()})  # type: ignore[misc]


def table(rule: Rule, audits: int, seed: int) -> Iterator[list[str]]:
    """Rows: the scene, false passes and false fails at the margin, and what is right elsewhere."""
    yield ["people come", "device errs", "bins", "people", "false pass", "false fail",
           "passes at 0", "fails at 3 margins"]  # fmt: skip
    rng = np.random.default_rng(seed)
    for scene in SCENES:
        at = [rates(scene, sign * rule.margin, rule, audits, rng) for sign in (-1, 1)]
        none, far = (rates(scene, bias, rule, audits, rng) for bias in (0.0, -3 * rule.margin))
        shares = [max(each[kind] for each in at) for kind in (Verdict.PASSES, Verdict.FAILS)]
        shares += [none[Verdict.PASSES], far[Verdict.FAILS]]
        yield [scene.come.__name__, scene.err.__name__, str(scene.bins),
               f"{scene.bins * scene.people:g}", *(f"{share:.1%}" for share in shares)]  # fmt: skip


BIASES = (0, 0.25, 0.5, 2, 3)
"""In margins."""


def needed(error: float) -> Iterator[list[str]]:
    """Rows: a margin, and how many people give a verdict by the true bias, at the least spread."""
    yield ["margin", *(f"bias {bias:g} margins" for bias in BIASES)]
    for margin in (0.01, 0.02, 0.05, 0.1):
        rule, spread = Rule(margin, error), math.sqrt(TOGETHER_MIN * margin)
        found = [Interval(bias * margin, 0, 0, spread) for bias in BIASES]
        yield [f"{margin:.0%}", *(f"{lacking(each, 0, rule):,}" for each in found)]


def main() -> None:
    """Print both tables."""
    parsed = _options()
    rule = Rule(parsed.margin / 100, parsed.error / 100)
    print(f"margin {rule.margin:.0%}, error {rule.error:.0%}, {parsed.audits} audits a figure\n")
    _print(list(table(rule, parsed.audits, parsed.seed)), markdown=parsed.markdown)
    print(f"\npeople for a verdict with a chance of {CHANCE:.0%}\n")
    _print(list(needed(rule.error)), markdown=parsed.markdown)


def _print(rows: list[list[str]], *, markdown: bool) -> None:
    for place, row in enumerate(rows):
        if markdown:
            print(f"| {' | '.join(row)} |")
            if place == 0:
                print("|" + "---|" * len(row))
        else:
            print("  ".join(cell.rjust(max(len(each[i]) for each in rows))
                            for i, cell in enumerate(row)))  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--margin", type=float, default=5.0, help="percent (default 5)")
    parser.add_argument("--error", type=float, default=5.0, help="percent (default 5)")
    parser.add_argument("--audits", type=int, default=1_000, help="a figure (default 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="as a table of docs/audit.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
