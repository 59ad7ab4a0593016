"""An output tensor → ages in years or probabilities, by the table of decoders.

The published networks differ in how they say an age and a gender; a card names one of these
decoders and its numbers, and that is all the runtime knows about any of them.

| kind | what the tensor holds | answer |
|---|---|---|
| regression | one value | value × factor + offset |
| expectation | a share for each class | Σ pᵢ · valuesᵢ × factor + offset |
| argmax | a share for each (named) class | values of the largest × factor + offset |
| index | a share for each class | the largest one's index × factor + offset |
| probability | one value 0..1 | the value |
| softmax | a share for each class | the share at `positive_index` |

With `logits` the tensor is taken before its softmax (or its logistic function: probability).
`positive` says what a gender's share is the share of; a man's is turned round.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.runtime.networks.card import Output

Values = NDArray[np.float64]


def decode(tensor: NDArray[np.float32], output: Output) -> Values:
    """An output tensor, N × …, → N ages in years, or N probabilities of a woman or of a face."""
    rows = _rows(tensor)
    answer: Values = DECODERS[output.kind](rows, output)
    if output.attribute == "gender" and output.positive == "male":
        answer = 1 - answer
    return answer


def shares(tensor: NDArray[np.float32], output: Output) -> Values:
    """An output tensor of classes, N × classes, → each class's share."""
    return _shares(_rows(tensor), output)


def deviation(tensor: NDArray[np.float32], output: Output) -> Values:
    """An output tensor of kind expectation, N × classes, → each age's standard deviation, years.

    How sure the network is: √(Σ pᵢ · valuesᵢ² − (Σ pᵢ · valuesᵢ)²) × |factor|.
    """
    rows = _rows(tensor)
    shares, values = _shares(rows, output), _values(rows, output)
    variance = shares @ values**2 - (shares @ values) ** 2
    return np.asarray(np.sqrt(variance.clip(0)) * abs(output.factor))


def _rows(tensor: NDArray[np.float32]) -> Values:
    return np.asarray(tensor.reshape(len(tensor), -1), np.float64)


def _regression(rows: Values, output: Output) -> Values:
    return _scaled(rows[:, 0], output)


def _expectation(rows: Values, output: Output) -> Values:
    return _scaled(_shares(rows, output) @ _values(rows, output), output)


def _argmax(rows: Values, output: Output) -> Values:
    return _scaled(_values(rows, output)[rows.argmax(axis=1)], output)


def _index(rows: Values, output: Output) -> Values:
    return _scaled(rows.argmax(axis=1), output)


def _probability(rows: Values, output: Output) -> Values:
    value = rows[:, 0]
    return 1 / (1 + np.exp(-value)) if output.logits else value.clip(0, 1)


def _softmax(rows: Values, output: Output) -> Values:
    if output.positive_index >= rows.shape[1]:
        raise ModelError(_mismatch(f"counts {output.positive_index} as an index", rows))
    return np.asarray(_shares(rows, output)[:, output.positive_index])


def _scaled(values: NDArray[np.float64] | NDArray[np.intp], output: Output) -> Values:
    return np.asarray(values * output.factor + output.offset, np.float64)


def _values(rows: Values, output: Output) -> Values:
    """The classes' values: the card's, or 0, 1, 2 … where it gives none."""
    if not output.values:
        return np.arange(rows.shape[1], dtype=np.float64)
    if len(output.values) != rows.shape[1]:
        raise ModelError(_mismatch(f"gives {len(output.values)} values", rows))
    return np.array(output.values)


def _mismatch(said: str, rows: Values) -> str:
    return f"the model card {said}, but the network's output has {rows.shape[1]} classes"


def _shares(rows: Values, output: Output) -> Values:
    """Rows that sum to one: the softmax of logits, or probabilities as they come."""
    if not output.logits:
        return rows
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


DECODERS: dict[str, Callable[[Values, Output], Values]] = {
    "regression": _regression,
    "expectation": _expectation,
    "argmax": _argmax,
    "index": _index,
    "probability": _probability,
    "softmax": _softmax,
}
