"""A trained network → calibrated heads → float32 and int8 files → a bundle with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.errors import ConvertError
from converters.nets import tflite_net
from converters.nets.tflite_net import Layer
from converters.nets.torch_net import AgeGender
from converters.tflite import output_positions
from converters.train import describe
from converters.train.batches import drawn_crops, plain_crops, small_crops
from converters.train.calibrate import SHARE_MIN, Fit, fit_all
from converters.train.chips import Chips
from converters.train.labels import Label
from converters.train.loop import logits
from converters.train.settings import Settings
from converters.verify import check
from edge.runtime.card import Card
from edge.runtime.decode import decode
from edge.runtime.model import Network

PROBE_CROPS = 64
CROP_PX = (16, 20, 24, 32, 40, 48, 60)
"""Sizes of faces for which the accuracy is told: from the least that is of use to nearly whole."""
APART_MAX = 1.0
"""Logits by which the runtimes, which round differently, may differ."""


def finish(
    settings: Settings, network: AgeGender, chips: Chips, held: NDArray[np.bool_], out: Path
) -> Path:
    """Write the int8 bundle NAME and its float32 twin NAME_float32 into `out`; → the card.

    ConvertError where a runtime refuses the int8 file.
    """
    members = np.flatnonzero(held)
    crops = plain_crops(chips, members, settings)
    age, gender = logits(network.cpu(), crops)
    band, female = chips.band[members], chips.female[members]
    fit = fit_all(age, gender, band, female)
    layers = fitted([Layer(*pair) for pair in network.folded()], fit)
    whole = tflite_net.convert(settings.network, layers, None)
    small = tflite_net.convert(
        settings.network, layers, drawn_crops(chips, np.flatnonzero(~held), settings)
    )
    source = hashlib.sha256(b"".join(a.tobytes() for layer in layers for a in layer)).hexdigest()
    draft = describe.Draft(settings, source)
    reference = _answers(draft.card(whole, "float32", output_positions(whole)), whole, crops)
    card = draft.card(small, "int8", output_positions(small))
    said = _answers(card, small, crops)
    held_out = describe.HeldOut(
        _labels(chips, members),
        said,
        reference,
        fit,
        gender=(gender, female, band),
        small={
            px: _answers(card, small, small_crops(chips, members, settings, px)) for px in CROP_PX
        },
    )
    card = draft.with_evidence(card, held_out, _checked(small, crops))
    bundle.write(out, whole, draft.card(whole, "float32", output_positions(whole)))
    return bundle.write(out, small, card)


def fitted(layers: Sequence[Layer], fit: Fit) -> list[Layer]:
    """The layers with the fits multiplied into the heads."""
    *trunk, age, gender = layers
    prior = (fit.age.prior * np.log(np.maximum(fit.share, SHARE_MIN))).astype(np.float32)
    scale = np.float32(fit.age.scale)
    age = Layer(age.kernel * scale, (age.bias + prior) * scale)
    scale = np.float32(fit.gender.scale)
    gender = Layer(gender.kernel * scale, (gender.bias - np.float32(fit.gender.shift)) * scale)
    return [*trunk, age, gender]


def _answers(card: Card, content: bytes, crops: NDArray[np.uint8]) -> describe.Said:
    """What the device's own runtime makes of the crops: years and the probability of a woman."""
    outputs = Network(card, content).run(crops)
    years, women = (decode(outputs[o.tensor], o) for o in card.estimating.outputs)
    return describe.Said(years, women)


def _labels(chips: Chips, members: NDArray[np.int64]) -> tuple[Label, ...]:
    return tuple(
        Label(str(chips.image[i]), int(chips.band[i]), bool(chips.female[i]), str(chips.group[i]))
        for i in members
    )


def _checked(content: bytes, crops: NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    """The file opened in a process of its own on each runtime at hand; they must agree."""
    runs = check.runs(content, crops[:PROBE_CROPS].astype(np.float32))
    check.say(runs.values())
    first = runs["ai-edge-litert"]
    report = {}
    for run in runs.values():
        pairs = zip(run.outputs[1], first.outputs[1], strict=True)
        gap = max(float(np.abs(one - other).max()) for one, other in pairs)
        if not gap < APART_MAX:
            raise ConvertError(
                f"{run.runtime} answers otherwise than {first.runtime}: {gap:.2f} logits"
            )
        report[run.runtime] = {
            "xnnpack_partitions": run.partitions,
            "logits_apart_max": round(gap, 4),
        }
    return report
