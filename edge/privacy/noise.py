"""Differentially private totals: what is told hardly depends on whether any one person came.

A visit is one person in one bin of each of three tables: everyone, by gender, by age band. Each
table gets discrete Laplace noise for a third of ε (Ghosh, Roughgarden & Sundararajan,
*Universally utility-maximizing privacy mechanisms*, 2009), by OpenDP, and by sequential
composition the three are ε-differentially private with respect to adding or removing a visit.
What follows is post-processing of noisy numbers and costs nothing: clipping at zero and scaling
the two splits to the one total. A visit is counted in one window only, so a day costs each visit
one ε; whoever was counted n times has spent n of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edge.errors import ConfigError
from edge.messages.bands import GENDERS, UNKNOWN
from edge.privacy.fold import Cell, by_age, by_gender

Noise = Callable[[list[int]], list[int]]

TABLES = 3
"""Everyone, gender, age band: the budget is split evenly."""


def laplace(epsilon: float) -> Noise:
    """Discrete Laplace noise on a list of counts of which one visit changes one by one."""
    try:
        import opendp.prelude as dp  # noqa: PLC0415 - an extra, loaded only where it is used
    except ImportError as error:
        raise ConfigError(
            "privacy.epsilon needs OpenDP: pip install 'agender-edge[privacy]' brings it"
        ) from error
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    mechanism = dp.m.make_laplace(*space, scale=1 / epsilon)
    return lambda counts: list(mechanism(counts))


class Noisy(NamedTuple):
    """Noisy numbers of one window: the splits by gender and by age each sum to the people."""

    people: int
    genders: Mapping[str, int]
    ages: Mapping[str, int]


def noised(raw: Mapping[Cell, int], ages: Sequence[str], noise: Noise) -> Noisy:
    """The raw cells as noisy totals by gender and by `ages`; `noise` is for a third of the ε."""
    people = max(noise([sum(raw.values())])[0], 0)
    return Noisy(
        people,
        _split(by_gender(raw), GENDERS, people, noise),
        _split(by_age(raw), ages, people, noise),
    )


def _split(
    counts: Mapping[str, int], labels: Sequence[str], people: int, noise: Noise
) -> dict[str, int]:
    """Noisy counts scaled to sum to `people`: largest remainders; nothing at all is unknown."""
    noisy = [max(value, 0) for value in noise([counts.get(label, 0) for label in labels])]
    total = sum(noisy)
    if not total:
        return {UNKNOWN: people} if people else {}
    exact = [value * people / total for value in noisy]
    whole = [int(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for index in order[: people - sum(whole)]:
        whole[index] += 1
    return {label: value for label, value in zip(labels, whole, strict=True) if value}
