"""Crowds of known composition, drawn through a network that errs as a card says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.privacy.quantify import corrected

Mix = Callable[[np.random.Generator], NDArray[np.float64]]

GENDER = ((4250, 750), (300, 4700))
"""Ten thousand faces; women recognised .85, men .94."""


def _age_confusion(faces_a_band: int = 1250) -> tuple[tuple[int, ...], ...]:
    """Eight bands as a small network confuses them: .57 exact on average, the rest nearby."""
    bands = np.arange(8)
    rates = np.exp(-1.25 * np.abs(bands[:, None] - bands)) * np.where(bands == 3, 1.4, 1.0)
    counts = np.rint(rates / rates.sum(axis=1, keepdims=True) * faces_a_band).astype(int)
    return tuple(tuple(row) for row in counts.tolist())


AGE = _age_confusion()

MIXES: dict[str, dict[str, Mix]] = {
    "gender": {
        "even": lambda _: np.array([0.5, 0.5]),
        "80 : 20": lambda _: np.array([0.8, 0.2]),
        "10 : 90": lambda _: np.array([0.1, 0.9]),
        "any": lambda rng: rng.dirichlet([1.0, 1.0]),
    },
    "age": {
        "even": lambda _: np.full(8, 1 / 8),
        "young": lambda _: np.array([0.02, 0.05, 0.35, 0.35, 0.12, 0.06, 0.03, 0.02]),
        "one band": lambda _: np.array([0.02, 0.02, 0.02, 0.84, 0.04, 0.02, 0.02, 0.02]),
        "any": lambda rng: rng.dirichlet(np.ones(8)),
    },
}
CONFUSION = {"gender": GENDER, "age": AGE}


@dataclass(frozen=True)
class Outcome:
    """Over many crowds: how often the interval held the truth; mean absolute and signed errors."""

    coverage: float
    error: float
    raw_error: float
    bias: float
    raw_bias: float
    width: float


def simulate(
    confusion: Sequence[Sequence[int]],
    mix: Mix,
    people: int,
    crowds: int,
    *,
    seed: int = 0,
    card_faces: int | None = None,
) -> Outcome:
    """Draw crowds through the confusion, correct the answers, compare with the truth.

    With `card_faces` the corrector is not given the confusion itself but, as in life, a card:
    a sample of so many faces a label, drawn anew for each crowd. Errors are in people per label.
    """
    rng = np.random.default_rng(seed)
    rates = np.asarray(confusion, float)
    rates /= rates.sum(axis=1, keepdims=True)
    rows = []
    for _ in range(crowds):
        truth = rng.multinomial(people, mix(rng))
        answers = rng.multinomial(truth, rates).sum(axis=0)
        known = rng.multinomial(card_faces, rates).tolist() if card_faces else confusion
        estimate, low, high = map(np.array, corrected(answers.tolist(), 0, known, rng))
        held = ((low <= truth) & (truth <= high)).mean()
        off, raw_off = estimate - truth, answers - truth
        rows.append((held, abs(off).mean(), abs(raw_off).mean(), off, raw_off, (high - low).mean()))
    held, error, raw_error, off, raw_off, width = zip(*rows, strict=True)
    return Outcome(
        coverage=float(np.mean(held)),
        error=float(np.mean(error)),
        raw_error=float(np.mean(raw_error)),
        bias=float(abs(np.mean(off, axis=0)).mean()),
        raw_bias=float(abs(np.mean(raw_off, axis=0)).mean()),
        width=float(np.mean(width)),
    )
