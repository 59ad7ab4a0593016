"""The faces held out of training: what a network says of them, and how right that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters.evaluate import measures
from converters.evaluate.faces import Answers
from converters.labels import ADULT_BAND, BAND_MIDDLES, Label
from converters.train import faceness, unsure
from converters.train.calibrate import (
    Fit,
    age_calibration_error,
    calibration_error,
    coverage,
    fit_gender,
)
from converters.train.carry import carries_age, carries_gender
from converters.train.compare import Comparison
from converters.train.start import Sharpness

Rows = list[dict[str, Any]]


class Said(NamedTuple):
    """What a file says of N faces: years, and the probability of a woman.

    Where it says so, besides: the ages' shares, N × bands, how wide these are (standard deviation,
    years), the probability that the crop is a face.
    """

    years: NDArray[np.float64]
    women: NDArray[np.float64]
    shares: NDArray[np.float64] | None = None
    deviation: NDArray[np.float64] | None = None
    faces: NDArray[np.float64] | None = None


class HeldOut(NamedTuple):
    """The held-out faces, what the int8 and the float32 file say of them, and what was fitted.

    `gender`: logits before the fit, truth (female), band; for the error of calibration on faces
    that the fit has not seen. `sharpness`: what all calibrations so far multiplied the logits by.
    `data`: which faces they are, in words.
    """

    labels: tuple[Label, ...]
    said: Said
    reference: Said
    fit: Fit
    sharpness: Sharpness
    gender: tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]
    small: Mapping[int, Said]
    """What the int8 file says where the crop, about as wide as the face, has so many pixels."""
    worn: Said
    """What it says where the crop is out of focus, as `unsure.WORN_PX` says."""
    data: str
    judged: faceness.Judged | None = None
    """Faces and other things, where it tells them apart."""
    comparison: Comparison | None = None
    known: Comparison | None = None
    """With the network that training began with, where that was a finished one: on the held-out
    faces, and on those of a rehearsal."""


def risk_of(held: HeldOut, labelled: measures.Labelled) -> Rows:
    """Of the age, by how wide its distribution may be, where the faces are enough to tell by."""
    plain, worn = held.said.deviation, held.worn.deviation
    if plain is None or worn is None or not carries_age(labelled.bands):
        return []
    return unsure.risk_and_coverage(
        unsure.Ages(held.said.years, plain), unsure.Ages(held.worn.years, worn), labelled.bands
    )


def curve_of(held: HeldOut, labelled: measures.Labelled) -> Rows:
    """Of the adults, where they are enough to tell anything by: see `coverage`."""
    if not carries_gender(labelled.bands, labelled.female):
        return []
    adults = labelled.bands >= ADULT_BAND
    return coverage(held.said.women[adults], labelled.female[adults])


def answers_of(labels: tuple[Label, ...], said: Said) -> Answers:
    """As an evaluation has them."""
    return Answers(labels, said.years, said.women, 0)


def figures_of(
    held: HeldOut, labelled: measures.Labelled, sure: float, curve: Rows, risk: Rows
) -> dict[str, Any]:
    """What a card's evidence tells of them; `sure` is how sure a gender has to be to be told."""
    answers = answers_of(held.labels, held.said)
    figures = _figures(answers, sure)
    return {
        "held_out": {"data": held.data, "faces": len(held.labels), **figures},
        "groups": _groups(held),
        "calibration": _calibration(held, labelled)
        | {"coverage_adults": curve, "age_risk_and_coverage": risk},
        "by_crop_px": {str(px): _small(held.labels, said) for px, said in held.small.items()},
        "drift_from_float32": _drift(held, labelled),
    }


def _figures(answers: Answers, sure: float) -> dict[str, Any]:
    labelled = measures.Labelled(answers)
    age = measures.age_figures(answers, labelled)
    gender = measures.gender_figures(answers, labelled, sure)
    return {"age": msgspec.to_builtins(age), "gender": msgspec.to_builtins(gender)}


def _groups(held: HeldOut) -> dict[str, Any]:
    """Group → its main figures: age over all its faces, gender over its adults."""
    found = {}
    for name in sorted({label.group for label in held.labels} - {""}):
        mask = np.array([label.group == name for label in held.labels])
        labels = tuple(label for label in held.labels if label.group == name)
        found[name] = _brief(labels, Said(held.said.years[mask], held.said.women[mask]))
    return found


def _brief(labels: tuple[Label, ...], said: Said) -> dict[str, Any]:
    """The main figures: age over all faces, gender over all and over adults."""
    figures = _figures(answers_of(labels, said), 0)
    age, gender = figures["age"]["overall"], figures["gender"].get("adults", {})
    brief = {key: age[key] for key in ("faces", "error_years", "exact", "one_off")}
    brief["gender"] = figures["gender"]["overall"]["accuracy"]
    for key in ("accuracy", "recall_female", "recall_male"):
        brief[f"adults_{key}"] = gender.get(key)
    return brief


def _small(labels: tuple[Label, ...], said: Said) -> dict[str, Any]:
    """The main figures, and whether the confidence still means what it says."""
    female = np.array([label.female for label in labels])
    return _brief(labels, said) | {"gender_error_expected": calibration_error(said.women, female)}


def _calibration(held: HeldOut, labelled: measures.Labelled) -> dict[str, Any]:
    enough = carries_gender(labelled.bands, labelled.female)
    shares = held.said.shares
    return {
        "age_error_expected": None
        if shares is None
        else age_calibration_error(shares, labelled.bands),
        "gender_error_expected": calibration_error(held.said.women, labelled.female),
        "gender_error_expected_cross_fitted": _cross_fitted(*held.gender) if enough else None,
        "gender_fit": held.fit.gender._asdict(),
        "age_fit": held.fit.age._asdict(),
        "face_fit": held.fit.face._asdict(),
        "sharpness": held.sharpness._asdict(),
    }


def _cross_fitted(
    logit: NDArray[np.float32], female: NDArray[np.bool_], band: NDArray[np.int64]
) -> float:
    """The error of calibration where each half of the faces is judged by the other's fit."""
    first = np.arange(len(logit)) % 2 == 0
    chance = np.empty(len(logit))
    for fitting, judged in ((first, ~first), (~first, first)):
        fit = fit_gender(logit[fitting].astype(float), female[fitting], band[fitting])
        chance[judged] = 1 / (1 + np.exp(-fit.scale * (logit[judged] - fit.shift)))
    return calibration_error(chance, female)


def _drift(held: HeldOut, labelled: measures.Labelled) -> dict[str, Any]:
    """How far the int8 file's answers and figures are from the float32 file's."""
    years = np.abs(held.said.years - held.reference.years)
    flips = (held.said.women > 0.5) != (held.reference.women > 0.5)
    truth = np.array(BAND_MIDDLES)[labelled.bands]
    errors = [np.abs(said.years - truth).mean() for said in (held.said, held.reference)]
    right = [((said.women > 0.5) == labelled.female).mean() for said in (held.said, held.reference)]
    exact = [
        (measures.bands_of(said.years) == labelled.bands).mean()
        for said in (held.said, held.reference)
    ]
    return {
        "years_mean": years.mean(),
        "years_max": years.max(),
        "gender_flips": int(flips.sum()),
        "error_years_gained": errors[0] - errors[1],
        "exact_gained": exact[0] - exact[1],
        "gender_accuracy_gained": right[0] - right[1],
    }


def rounded(value: Any) -> Any:
    """Four digits behind the point of every real number in it."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return round(float(value), 4) if isinstance(value, float | np.floating) else value
