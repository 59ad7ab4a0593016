"""Whether an imported network's answers are answers: refused where they can't be, judged in words.

Parity says that the file was converted rightly; it says nothing of whether it is fed and read as
its author meant. Logits read as probabilities, the wrong colours or the wrong range pass it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.evaluate import measures, verdict
from converters.evaluate.faces import Answers
from converters.importers import suggest
from converters.labels import Label
from converters.verify.crops import Crops
from edge.runtime.estimate.decode import decode
from edge.runtime.networks.card import Card, Output
from edge.runtime.networks.card_keys import AGE_LEAST_YEARS, AGE_MOST_YEARS
from edge.runtime.networks.model import Network

SHARES = ("expectation", "softmax", "probability")
SLACK = 0.02
"""By how much shares may miss 0, 1 and their sum: weights are stored in 16 bits or fewer."""
BEYOND_MAX = 0.01
"""Share of the faces whose age may lie beyond what anybody's is: a regression has its slips."""

Outputs = Sequence[NDArray[np.float32]]


class Default(NamedTuple):
    """The network that a device would use otherwise, and the same faces as it is shown them."""

    network: Network
    crops: Crops

    def said(self) -> verdict.Other:
        """What it says of them."""
        card = self.network.card
        outputs = self.network.run(self.crops.pixels(card.input))
        return verdict.Other(f"the default, {card.name},", said(card, outputs))


def refuse_impossible(card: Card, outputs: Outputs) -> None:
    """ConvertError where shares are none; the file's answers to any pictures tell."""
    for output in card.estimating.outputs:
        if output.kind not in SHARES or output.logits:
            continue
        rows = outputs[output.tensor].reshape(len(outputs[output.tensor]), -1)
        low, high, sums = float(rows.min()), float(rows.max()), rows.sum(1)
        whole = output.kind == "probability" or bool(np.abs(sums - 1).max() <= SLACK)
        if low < -SLACK or high > 1 + SLACK or not whole:
            seen = f"values from {low:.3g} to {high:.3g}"
            seen += "" if whole else f", sums from {sums.min():.3g} to {sums.max():.3g}"
            raise ConvertError(
                f"refused: {card.name} is read as {_meant(output)}, but says {seen}: set `logits = "
                f"true` where the network ends before its {_end(output)}, or name another `kind`"
            )


def _meant(output: Output) -> str:
    one = "a probability" if output.kind == "probability" else "shares that sum to 1"
    return f"{one} for {output.attribute} ({output.kind})"


def _end(output: Output) -> str:
    return "logistic function" if output.kind == "probability" else "softmax"


def said(card: Card, outputs: Outputs) -> verdict.Said:
    """What the card's decoders make of the outputs; NaN for what the network does not say."""
    found = {o.attribute: decode(outputs[o.tensor], o) for o in card.estimating.outputs}
    nothing = np.full(len(outputs[0]), np.nan)
    return verdict.Said(found.get("age", nothing), found.get("gender", nothing))


def judge(
    card: Card, outputs: Outputs, crops: Crops, default: Default | None, trials: suggest.Trials
) -> list[str]:
    """Tell a person what the answers on real faces are worth; → the sentences, for the card.

    ConvertError for ages that nobody has, with what would be better, where something was found.
    """
    answers = said(card, outputs)
    rows = trials.rows
    few = measures.Labelled(_answers(crops.some(rows).labels, answers))
    better = trials.better(few, verdict.Said(answers.years[rows], answers.women[rows]))
    _refuse_ages(card, answers.years, better)
    other = None if default is None else default.said()
    labelled = measures.Labelled(_answers(crops.labels, answers))
    found = [one.text for one in verdict.findings(labelled, answers, other)]
    for text in (*found, *better):
        print(f"agender-convert: {card.name}: {text}", file=sys.stderr)
    return found


def _answers(labels: Sequence[Label], said: verdict.Said) -> Answers:
    return Answers(tuple(labels), said.years, said.women, 0)


def _refuse_ages(card: Card, years: NDArray[np.float64], better: Sequence[str]) -> None:
    beyond = (years < AGE_LEAST_YEARS) | (years > AGE_MOST_YEARS)
    if beyond.mean() > BEYOND_MAX:
        advice = f"; {better[0]}" if better else ""
        raise ConvertError(
            f"refused: the ages that {card.name} says reach from {years.min():.4g} to "
            f"{years.max():.4g} years, {beyond.mean():.0%} of them beyond {AGE_LEAST_YEARS:g} … "
            f"{AGE_MOST_YEARS:g}: are `mean`, `scale`, `factor` and `kind` right?{advice}"
        )
