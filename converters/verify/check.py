"""A new file on both runtimes: does it run, does it answer, how far is it from float32?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.evaluate import measures
from converters.evaluate.faces import Answers
from converters.verify import runtimes
from converters.verify.crops import Crops
from converters.verify.runtimes import Run
from edge.runtime.estimate.decode import decode
from edge.runtime.networks.card import Card

Floats = NDArray[np.float64]

BATCH_AGREEMENT = 1e-3
"""How far an output may differ between batches of 1 and of 8, as a part of its largest value."""
AGE_DRIFT_MEAN_YEARS = 1.0
AGE_DRIFT_P95_YEARS = 5.0
GENDER_FLIPS = 0.015
"""Limits past which a file is refused: 95 % of ages within half a ten-year band."""
NOISE_IMAGES = 16


def runs(flatbuffer: bytes, images: NDArray[np.float32], *, old: bool = True) -> dict[str, Run]:
    """Runtime → what it made of the file; ConvertError where one aborts, fails or says NaN.

    `old`: the runtime of small boards too, which a network for workstations never meets.
    """
    found = {
        name: runtimes.run(name, python, flatbuffer, images)
        for name, python in runtimes.pythons().items()
        if old or name == "ai-edge-litert"
    }
    for run in found.values():
        _sound(run)
    return found


def say(found: Iterable[Run]) -> None:
    """Tell a person what was checked. Memory differs by pages each time, so no card has it."""
    for run in found:
        print(
            f"checked on {run.runtime}: batches of {' and '.join(map(str, run.outputs))}, "
            f"{run.partitions} XNNPACK partitions, {run.memory_kb / 1024:.1f} MB of memory",
            file=sys.stderr,
        )


def _sound(run: Run) -> None:
    for batch, outputs in run.outputs.items():
        for single, several in zip(run.outputs[1], outputs, strict=True):
            if not np.isfinite(several).all():
                raise ConvertError(f"refused: {run.runtime} answers NaN at batch {batch}")
            gap = np.abs(single[: len(several)] - several).max(initial=0)
            if gap > BATCH_AGREEMENT * max(1.0, np.abs(single).max(initial=0)):
                raise ConvertError(
                    f"refused: {run.runtime} answers otherwise in batches of {batch} (by {gap:.3g})"
                )


def noise(card: Card) -> NDArray[np.float32]:
    """Inputs for a first look where there are no pictures: random pixels, always the same."""
    pixels = np.random.default_rng(0).integers(
        0, 256, (NOISE_IMAGES, card.input.height, card.input.width, card.input.channels)
    )
    parts = (card.input.mean, card.input.scale)
    mean, scale = (np.array(part[: card.input.channels]) for part in parts)
    values = (pixels - mean) * scale
    return np.asarray(values, np.float32)


def estimator_evidence(
    card: Card, flatbuffer: bytes, float32: bytes, crops: Crops, *, old: bool = True
) -> dict[str, Any]:
    """Drift against `float32` on real crops, for the card; ConvertError past the limits."""
    inputs = crops.inputs(card.input)
    reference = _answers(card, runs(float32, inputs, old=False)["ai-edge-litert"], crops)
    evidence: dict[str, Any] = {
        "reference": "the same network in float32 on ai-edge-litert",
        "crops": len(inputs),
        "data": crops.data,
        "detector": crops.detector,
    }
    found = runs(flatbuffer, inputs, old=old)
    say(found.values())
    for run in found.values():
        answers = _answers(card, run, crops)
        drift = _drift(reference, answers)
        _within_limits(run.runtime, drift)
        evidence[run.runtime] = {
            **drift,
            **_accuracy(answers),
            "xnnpack_partitions": run.partitions,
        }
    return evidence


def _answers(card: Card, run: Run, crops: Crops) -> Answers:
    said = {
        output.attribute: decode(run.outputs[1][output.tensor], output)
        for output in card.estimating.outputs
    }
    nothing = np.full(len(crops.labels), np.nan)
    return Answers(crops.labels, said.get("age", nothing), said.get("gender", nothing), 0)


def _drift(reference: Answers, answers: Answers) -> dict[str, Any]:
    drift: dict[str, Any] = {}
    years = np.abs(answers.ages - reference.ages)
    if not np.isnan(years).any():
        drift["age_drift_years"] = {
            "mean": round(float(years.mean()), 4),
            "p95": round(float(np.percentile(years, 95)), 4),
            "max": round(float(years.max()), 4),
        }
    if not np.isnan(answers.females).any():
        flips = (answers.females > 0.5) != (reference.females > 0.5)
        drift["gender_flips"] = int(flips.sum())
        drift["gender_flip_share"] = round(float(flips.mean()), 4)
    return drift


def _within_limits(runtime: str, drift: dict[str, Any]) -> None:
    years = drift.get("age_drift_years", {"mean": 0.0, "p95": 0.0})
    if years["mean"] > AGE_DRIFT_MEAN_YEARS or years["p95"] > AGE_DRIFT_P95_YEARS:
        raise ConvertError(
            f"refused: on {runtime} ages drift by {years['mean']:.2f} years (95 %: "
            f"{years['p95']:.2f}); the limits are {AGE_DRIFT_MEAN_YEARS} and {AGE_DRIFT_P95_YEARS}"
        )
    if drift.get("gender_flip_share", 0.0) > GENDER_FLIPS:
        raise ConvertError(
            f"refused: on {runtime} {drift['gender_flips']} genders flip "
            f"({drift['gender_flip_share']:.1%}); the limit is {GENDER_FLIPS:.1%}"
        )


def _accuracy(answers: Answers) -> dict[str, float]:
    """Task accuracy on the crops' labels."""
    labelled = measures.Labelled(answers)
    found = {}
    if age := measures.age_figures(answers, labelled).get("overall"):
        found["age_error_years"] = round(age.error_years, 3)
        found["age_exact_band"] = round(age.exact, 4)
    if gender := measures.gender_figures(answers, labelled, 0.5).get("overall"):
        found["gender_accuracy"] = round(gender.accuracy, 4)
    return found
