"""Faces → age and gender, one batch a network, decoded as each card says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.runtime.card import Card, Output
from edge.runtime.crop import cut
from edge.runtime.frame import Estimate, Face, Image
from edge.runtime.meter import Meter
from edge.runtime.model import Network, Tensor, load

Values = NDArray[np.float64]


class Estimator:
    """One or more networks that together give age and gender."""

    def __init__(self, networks: Sequence[Network], family: str, meter: Meter) -> None:
        """`family` is the detector's: cards may hold a crop margin for it."""
        self.cards: list[Card] = [network.card for network in networks]
        self._networks = networks
        self._family = family
        self._meter = meter
        given = [output.attribute for card in self.cards for output in card.estimating.outputs]
        if len(set(given)) != len(given):
            raise ModelError(f"two of the estimators {self.names} give the same attribute")

    @property
    def names(self) -> str:
        """The cards' names, joined as the `model` of a message."""
        return ".".join(card.name for card in self.cards)

    def prepare(self, largest: int) -> None:
        """Allocate for batches of up to `largest` faces."""
        for network in self._networks:
            network.prepare(largest)

    def estimate(self, full: Image, faces: Sequence[Face]) -> list[Estimate]:
        """A BGR frame and faces in its pixels → an estimate a face, in the same order."""
        if not faces:
            return []
        found: dict[str, Values] = {}
        batches: dict[tuple[object, object], Image] = {}
        for network in self._networks:
            spec, size = network.card.estimating, network.card.input
            key = (repr(spec.crop), repr(size))
            if key not in batches:
                with self._meter.stage("crop"):
                    batches[key] = cut(full, faces, spec.crop, size, self._family)
            with self._meter.stage("estimate"):
                outputs = network.run(batches[key])
            for output in spec.outputs:
                found[output.attribute] = decode(outputs[output.tensor], output)
        nothing = [None] * len(faces)
        ages, genders = found.get("age"), found.get("gender")
        return [
            Estimate(age, female)
            for age, female in zip(
                nothing if ages is None else ages.tolist(),
                nothing if genders is None else genders.tolist(),
                strict=True,
            )
        ]


def decode(tensor: Tensor, output: Output) -> Values:
    """An output tensor, N × …, → N ages in years, or N probabilities of a woman."""
    rows: Values = tensor.reshape(len(tensor), -1).astype(np.float64)
    answer: Values = _DECODERS[output.kind](rows, output)
    if output.attribute == "gender" and output.positive == "male":
        answer = 1 - answer
    return answer


def _regression(rows: Values, output: Output) -> Values:
    return np.asarray(rows[:, 0] * output.factor + output.offset)


def _probability(rows: Values, output: Output) -> Values:
    value = rows[:, 0]
    return 1 / (1 + np.exp(-value)) if output.logits else value.clip(0, 1)


def _argmax(rows: Values, output: Output) -> Values:
    return np.asarray(np.array(output.values)[rows.argmax(axis=1)])


def _expectation(rows: Values, output: Output) -> Values:
    return np.asarray(_shares(rows, output) @ np.array(output.values))


def _softmax(rows: Values, output: Output) -> Values:
    return np.asarray(_shares(rows, output)[:, output.positive_index])


def _shares(rows: Values, output: Output) -> Values:
    """Rows that sum to one: the softmax of logits, or probabilities as they come."""
    if not output.logits:
        return rows
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


_DECODERS: dict[str, Callable[[Values, Output], Values]] = {
    "regression": _regression,
    "probability": _probability,
    "argmax": _argmax,
    "expectation": _expectation,
    "softmax": _softmax,
}


def open_estimator(
    names: Sequence[str],
    folder: Path,
    family: str,
    *,
    threads: int = 1,
    meter: Meter | None = None,
) -> Estimator:
    """The estimators named in the configuration, their bytes checked against their cards."""
    networks = [load(name, folder, threads) for name in names]
    return Estimator(networks, family, meter or Meter())
