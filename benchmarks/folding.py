"""What folding under k costs: how much is told, how far a window and a day's sums are off.

    python -m benchmarks.folding
    python -m benchmarks.folding --k 10 --people 20 100 --windows 480

Crowds of four kinds (shop, school, family Sunday, station), five in a hundred of unknown gender and
as many of unknown age, are counted in windows of so many people. `gender` and `bands`: the share of
people whose gender or band is told (not 0, not unknown) of those whose gender or band was counted.
`window`: mean error of a band of one window, in people. `day`: errors of the sums of --windows
windows, of a gender and of a band, in % of all people. `held`: how often the 95 % intervals of the
corrected counts hold the truth, of genders and of bands; the crowds' composition is any here.
`summed`: the same of the sum of --summed windows, corrected once, as `agender-edge report` does.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping

import numpy as np

from edge.messages.bands import AGE_BANDS, GENDERS, TOLD_GENDERS, UNKNOWN
from edge.privacy.estimates import Estimates, seeded_coin
from edge.privacy.fold import Table, by_age, by_gender, settle
from edge.runtime.networks.card import Confusion
from tests.people.crowds import AGE, GENDER

BANDS = tuple(AGE_BANDS)
CROWDS = {
    "shop": (0.55, (6, 3, 10, 22, 20, 16, 13, 10)),
    "school": (0.5, (55, 30, 5, 3, 4, 2, 1, 0)),
    "family Sunday": (0.5, (35, 6, 3, 12, 24, 10, 5, 5)),
    "station": (0.45, (3, 6, 20, 26, 18, 14, 8, 5)),
}
"""Name → share of women, weights of the bands."""
UNKNOWN_SHARE = 0.05
CONFUSION = {
    "gender": Confusion(TOLD_GENDERS, GENDER, "simulated"),
    "age_published": Confusion(BANDS, AGE, "simulated"),
}


def main() -> None:
    """Print a line for each number of people."""
    options = _options()
    rng = np.random.default_rng(options.seed)
    print(f"k = {options.k}, {options.windows} windows a crowd, mean of {', '.join(CROWDS)}")
    print(f"{'people':>7}{'gender':>9}{'bands':>8}{'window':>9}{'day: gender':>13}{'band':>7}"
          f"{'held: gender':>14}{'band':>7}{'summed: gender':>16}{'band':>7}")  # fmt: skip
    for people in options.people:
        rows = [_crowd(*crowd, people, options, rng) for crowd in CROWDS.values()]
        gender, bands, window, day_gender, day_band = np.mean(rows, axis=0)
        held = coverage(people, options.k, options.crowds, rng) if people >= options.k else (0, 0)
        sums = coverage(people, options.k, options.crowds, np.random.default_rng(options.seed + 1),
                        options.summed) if people >= options.k else (0, 0)  # fmt: skip
        print(f"{people:>7}{gender:>8.0%}{bands:>8.0%}{window:>9.2f}{day_gender:>12.1%}"
              f"{day_band:>8.1%}{held[0]:>13.3f}{held[1]:>8.3f}{sums[0]:>15.3f}"
              f"{sums[1]:>8.3f}", flush=True)  # fmt: skip


def _crowd(
    women: float, weights: tuple[int, ...], people: int, options: argparse.Namespace,
    rng: np.random.Generator,
) -> tuple[float, ...]:  # fmt: skip
    """One kind of crowd for a day: the five figures of a line."""
    shares = np.array(weights) / sum(weights)
    counted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    off = []
    coin = seeded_coin(rng)
    for _ in range(options.windows):
        raw = _raw(rng.random(people) < women, rng.choice(len(BANDS), people, p=shares), rng)
        table = settle(raw, options.k, coin) or {}
        for sums, source in ((counted, raw), (told, table)):
            sums.update(by_gender(source))
            sums.update({f"age {age}": n for age, n in by_age(source).items()})
        before, after = by_age(raw), by_age(table)
        off += [abs(before.get(band, 0) - after.get(band, 0)) for band in BANDS]
    everyone = people * options.windows
    bands = [f"age {band}" for band in BANDS]
    return (
        _share(told, counted, TOLD_GENDERS),
        _share(told, counted, bands),
        float(np.mean(off)),
        float(np.mean([abs(told[key] - counted[key]) for key in TOLD_GENDERS])) / everyone,
        float(np.mean([abs(told[key] - counted[key]) for key in bands])) / everyone,
    )


def _share(told: Mapping[str, int], counted: Mapping[str, int], keys: object) -> float:
    return sum(told[key] for key in keys) / sum(counted[key] for key in keys)  # type: ignore[attr-defined]


def _raw(women: np.ndarray, ages: np.ndarray, rng: np.random.Generator) -> Table:
    """The cells of people, some of whose answers are unknown."""
    hidden = rng.random((2, len(women))) < UNKNOWN_SHARE
    cells: Counter[tuple[str, str]] = Counter()
    for woman, age, no_gender, no_age in zip(women, ages, *hidden, strict=True):
        gender = UNKNOWN if no_gender else GENDERS[0 if woman else 1]
        cells[gender, UNKNOWN if no_age else BANDS[age]] += 1
    return dict(cells)


def coverage(
    people: int, k: int, crowds: int, rng: np.random.Generator, windows: int = 1
) -> tuple[float, float]:
    """How often the intervals hold the true numbers of genders and of bands.

    Of more than one of the `windows`, told one by one, the sum is corrected.
    """
    counts = [np.array(matrix, float) for matrix in (GENDER, AGE)]
    rates = [matrix / matrix.sum(axis=1, keepdims=True) for matrix in counts]
    estimates = Estimates(CONFUSION, "fine", k)
    coin = seeded_coin(rng)
    held: tuple[list[bool], list[bool]] = ([], [])
    for _ in range(crowds):
        truths = [rng.choice(len(m), people * windows, p=rng.dirichlet(np.ones(len(m))))
                  for m in rates]  # fmt: skip
        answers = [np.array([rng.choice(len(m), p=m[i]) for i in true])
                   for m, true in zip(rates, truths, strict=True)]  # fmt: skip
        told: Counter[tuple[str, str]] = Counter()
        for first in range(0, people * windows, people):
            women, ages = (answer[first : first + people] for answer in answers)
            told.update(settle(_raw(women == 0, ages, rng), k, coin) or {})
        if not told:
            continue
        found = estimates.of(dict(told), windows)
        for kept, labels, true in zip(held, (TOLD_GENDERS, BANDS), truths, strict=True):
            for index, label in enumerate(labels):
                name = f"est_{label}" if labels is TOLD_GENDERS else f"est_age_{label}"
                number = int((true == index).sum())
                kept.append(found[f"{name}_low"] <= number <= found[f"{name}_high"])
    return float(np.mean(held[0])), float(np.mean(held[1]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--people", type=int, nargs="+", default=[5, 10, 20, 40, 100])
    parser.add_argument("--windows", type=int, default=480, help="windows a day (default 480)")
    parser.add_argument("--crowds", type=int, default=150, help="crowds for the intervals")
    parser.add_argument("--summed", type=int, default=60, help="windows summed (default 60)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
