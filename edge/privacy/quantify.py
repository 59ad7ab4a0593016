"""How many there really were, given what the network answered and how it errs.

The card's confusion matrix says how often the network answers j for a face that is i. From the
answers of a window the true numbers are estimated by Gibbs sampling of the latent truths (Tanner &
Wong, *The Calculation of Posterior Distributions by Data Augmentation*, 1987; the Bayesian form
of the prior adjustment of Saerens, Latinne & Decaestecker 2002):

    truths of the answers j     ~ Multinomial(n_j, π_i·P(j|i) / Σ)
    composition of the crowd π  ~ Dirichlet(α + truths)
    row i of the confusion P    ~ Dirichlet(½ + its counts on the card), once a chain

The mean of the sampled truths is the estimate, their central 95 % the interval. It covers the
chance of the answers, the card's own uncertainty and, under a threshold, the rounding (each chain
then begins at another table that the told one may have been); not a crowd unlike the card's data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CHAINS = 128
CLIMB = 20
"""Steps of expectation maximisation (Saerens et al.) that bring a chain, begun anywhere, near its
place; where the answers tell nothing it stays where it began, as it should."""


STEPS = 28
BURN_IN = 12
COMPOSITION_PRIOR = 1.0
CONFUSION_PRIOR = 0.5
COVERAGE = 0.95


class Corrected(NamedTuple):
    """Per label: the estimated number of people, and the ends of its 95 % interval."""

    estimate: list[float]
    low: list[float]
    high: list[float]


def corrected(
    answers: Sequence[int],
    unknown: int,
    confusion: Sequence[Sequence[int]],
    generator: np.random.Generator | None = None,
    *,
    worlds: NDArray[np.int64] | None = None,
) -> Corrected:
    """Answers per label (and people without one) + confusion → true numbers per label.

    `confusion[i][j]` counts the card's faces of truth i that were answered j. The estimates are
    non-negative and sum to Σ answers + unknown, to the second decimal that they are rounded to.
    People without an answer are taken to be like the others.

    Where the answers are rounded ones, `worlds`, CHAINS × (labels + 1), holds what they may have
    been before, the people without an answer last; each row sums to the people. The interval then
    covers the rounding too; the estimate is of the answers as they are told.
    """
    people = int(sum(answers)) + unknown
    if not people:
        zeros = [0.0] * len(answers)
        return Corrected(zeros, zeros, zeros)
    generator = generator or np.random.default_rng(people)
    rates = np.asarray(confusion, np.float64)
    told = np.tile(np.asarray([*answers, unknown], np.int64), (CHAINS, 1))
    samples = _truths(told, rates, generator)
    within = samples if worlds is None else _truths(worlds, rates, generator)
    low, high = _interval(within, generator)
    return Corrected(_rounded(samples.mean(axis=0), people), low, high)


def _interval(
    samples: NDArray[np.float64], generator: np.random.Generator
) -> tuple[list[float], list[float]]:
    """Ends of the central 95 %, whole people.

    A whole number as an end either holds too much or too little; spreading each sample over its
    number's width and rounding the quantile takes the nearer (the mid-P rule; Agresti & Coull,
    *Approximate is better than "exact"*, 1998), so that the coverage is right on average.
    """
    tail = (1 - COVERAGE) / 2
    spread = samples + generator.uniform(-0.5, 0.5, samples.shape)
    low, high = np.rint(np.quantile(spread, (tail, 1 - tail), axis=0)) + 0.0
    return low.tolist(), high.tolist()


def _truths(
    answered: NDArray[np.int64], confusion: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Samples × labels: true numbers of people, drawn from the posterior.

    `answered` is CHAINS × (labels + 1). Each chain has one confusion of its own, drawn from what
    the card leaves open; a crowd says too little about the network to learn that from it.
    """
    answers, unknown = answered[:, :-1], answered[:, -1]
    labels = answers.shape[1]
    rows = _dirichlet(generator, np.broadcast_to(confusion, (CHAINS, labels, labels)))
    composition = _dirichlet(generator, np.zeros((CHAINS, labels)), COMPOSITION_PRIOR)
    for _ in range(CLIMB if answers.any() else 0):
        composition = (_blame(composition, rows) * answers[:, :, None]).sum(axis=1) + 1e-9
        composition /= composition.sum(axis=1, keepdims=True)
    kept = []
    for step in range(STEPS):
        truths = generator.multinomial(answers, _blame(composition, rows)).sum(axis=1)
        composition = _dirichlet(generator, truths, COMPOSITION_PRIOR)
        if step >= BURN_IN:
            kept.append(truths + generator.multinomial(unknown, composition))
    return np.concatenate(kept).astype(np.float64)


def _blame(composition: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chains × answers j × truths i: the chance that an answer j came from a face that is i."""
    joint = (composition[:, :, None] * rows).transpose(0, 2, 1)
    return np.asarray(joint / joint.sum(axis=2, keepdims=True))


def _dirichlet(
    generator: np.random.Generator, counts: NDArray[np.generic], prior: float = CONFUSION_PRIOR
) -> NDArray[np.float64]:
    """One Dirichlet(counts + prior) for each last axis of `counts`."""
    gammas = generator.standard_gamma(counts.astype(np.float64) + prior) + 1e-300
    return np.asarray(gammas / gammas.sum(axis=-1, keepdims=True))


def _rounded(means: NDArray[np.float64], people: int) -> list[float]:
    """Hundredths that sum to `people` exactly: the largest remainders are rounded up."""
    hundredths = means / means.sum() * people * 100
    whole = np.floor(hundredths).astype(int)
    missing = people * 100 - int(whole.sum())
    for index in np.argsort(whole - hundredths, kind="stable")[:missing]:
        whole[index] += 1
    return [value / 100 for value in whole.tolist()]
