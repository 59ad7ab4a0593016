"""A card and the file it describes: whether every answer that it promises is there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.runtime.networks.card import Card, Output
from edge.runtime.networks.card_estimator import refuse_impossible_ages

INPUTS = (np.float32, np.int8, np.uint8, np.int16)
OPEN = -1
"""A size that the file leaves open."""
Details = dict[str, Any]


def check_input(card: Card, entries: Sequence[Details]) -> None:
    """ModelError where the file's input is not one picture of the card's size."""
    if len(entries) != 1:
        raise _apart(card, f"has {len(entries)} inputs instead of one, the picture")
    (entry,) = entries
    shape = [int(size) for size in entry["shape_signature"]]
    wanted = [card.input.height, card.input.width, card.input.channels]
    fits = [has in (OPEN, asked) for has, asked in zip(shape[1:], wanted, strict=False)]
    if len(shape) != 4 or not all(fits):
        size = " × ".join("?" if part == OPEN else str(part) for part in shape[1:])
        taken = f"takes {size or 'no picture'} (height × width × channels)"
        raise _apart(card, f"{taken}, not {' × '.join(map(str, wanted))}")
    if entry["dtype"] not in INPUTS:
        raise _apart(card, f"takes {np.dtype(entry['dtype']).name}, not float32, int8 or uint8")


def check_outputs(card: Card, entries: Sequence[Details], pictures: int) -> None:
    """ModelError where an output is not there, or is of another size than the card says."""
    for key, place in _places(card):
        if place >= len(entries):
            raise _apart(card, f"has {len(entries)} outputs, but `{key}` is {place} (0 is first)")
    for output in card.estimator.outputs if card.estimator else ():
        shape = [int(size) for size in entries[output.tensor]["shape"]]
        signature = entries[output.tensor]["shape_signature"]
        if OPEN in [int(size) for size in signature[1:]]:
            continue  # told by the first invocation alone
        if not shape or shape[0] != pictures:
            raise _apart(
                card,
                f"answers {shape[0] if shape else 'once'} for {pictures} pictures: "
                "`input.batch_max` has to be 1",
            )
        _check_classes(card, output, prod(shape[1:]))


def _places(card: Card) -> list[tuple[str, int]]:
    """The card's keys that name a tensor, and which."""
    if card.detector is not None:
        return [(f"tensors.{name}", place) for name, place in card.detector.tensors.items()]
    outputs = card.estimating.outputs
    return [(f"outputs[{at}].tensor", output.tensor) for at, output in enumerate(outputs)]


def _check_classes(card: Card, output: Output, classes: int) -> None:
    said = f"gives {classes} values for {output.attribute}, but the card"
    if output.kind in ("regression", "probability") and classes != 1:
        raise _apart(card, f"{said} reads one ({output.kind})")
    if output.kind == "softmax" and output.positive_index >= classes:
        raise _apart(card, f"{said} counts {output.positive_index} as an index")
    if output.kind in ("expectation", "argmax") and output.values:
        if len(output.values) != classes:
            raise _apart(card, f"{said} gives {len(output.values)} `values`")
    elif output.kind in ("expectation", "index"):
        try:
            refuse_impossible_ages(output, (0, classes - 1))
        except ValueError as error:
            raise ModelError(f"the model card {card.name} is not valid: {error}") from error


def _apart(card: Card, fault: str) -> ModelError:
    return ModelError(f"the model {card.name} is not as its card says: it {fault}")
