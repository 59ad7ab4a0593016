"""What chance leaves of a measured share or mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DRAWS = 4000
SEED = 7
Floats = NDArray[np.float64]


def interval(
    values: Floats,
    person: NDArray[np.int64] | None = None,
    weight: Floats | None = None,
    level: float = 0.95,
) -> Floats:
    """Low and high of the (weighted) mean of N values, by the bootstrap (Efron 1979).

    person: a number for whoever each is (default: all are others); people are drawn anew, again and
    again, with all that is theirs.
    """
    person = np.arange(len(values)) if person is None else person
    weight = np.ones(len(values)) if weight is None else weight
    _, whose = np.unique(person, return_inverse=True)
    sums, counts = np.bincount(whose, values * weight), np.bincount(whose, weight)
    random = np.random.default_rng(SEED)
    means = np.empty(DRAWS)
    for draw in range(DRAWS):
        drawn = random.integers(0, len(sums), len(sums))
        means[draw] = sums[drawn].sum() / counts[drawn].sum()
    half = (1 - level) / 2
    return np.asarray(np.quantile(means, (half, 1 - half)))
