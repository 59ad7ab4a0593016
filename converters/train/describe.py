"""The card of a network of our own: how to feed it, what it says, and how well it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.evaluate import measures
from converters.evaluate.faces import Answers
from converters.labels import ADULT_BAND, BAND_MIDDLES, Label
from converters.nets.spec import multiplications
from converters.train import faceness, unsure
from converters.train.calibrate import (
    VALUES,
    Fit,
    age_calibration_error,
    calibration_error,
    coverage,
    fit_gender,
    threshold,
)
from converters.train.carry import carries_age, carries_gender
from converters.train.compare import Comparison
from converters.train.settings import Settings
from converters.train.start import Sharpness
from edge.runtime.networks.card import Card, Crop, Estimator, Input, Output, Source

ANSWERED_MIN = 0.85
ACCURACY_WANTED = 0.96
"""`unknown` is said as seldom as this accuracy allows, and to at most 15 of 100 faces."""

GENDER_CONFIDENCE_MIN = 0.6
"""Where nothing else is known."""
AGE_SHARPNESS_MIN = 0.3
"""Of blurred adults in footage many are told an age of childhood: they are told none instead."""

INTENDED = "Anonymous counts of people by age and gender, in aggregate over many faces."
LIMITS = (
    "Ages and genders are as people judged them from pictures; not for decisions about a person. "
    "Trained and measured on photographs; faces under about 16 pixels, masks and profiles are "
    "less certain. Two genders only."
)


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


class Draft(NamedTuple):
    """What a card says before anything is measured."""

    settings: Settings
    weights_sha256: str
    gender_confidence_min: float = GENDER_CONFIDENCE_MIN
    """Where the held-out faces are too few to set it by."""
    age_deviation_max_years: float | None = None
    face_min: float = 0.0
    """The start's, where training began with a finished network; else they are measured."""

    def like(self, start: Estimator) -> Draft:
        """With the thresholds of the network that training began with."""
        return self._replace(
            gender_confidence_min=start.gender_confidence_min,
            age_deviation_max_years=start.age_deviation_max_years,
            face_min=start.face_min,
        )

    def card(self, content: bytes, scheme: str, places: Mapping[str, int]) -> Card:
        """The card of the flatbuffer `content`; `places`: output name → index."""
        settings, about = self.settings, self.settings.about
        size = settings.network.size
        # The margin serves detectors without landmarks; CenterFace draws its boxes generously.
        crop = Crop(0.1, {"centerface": 0.04, "haar": 0.0, "ssd": 0.0}, settings.data.alignment)
        age = Output(
            attribute="age",
            kind="expectation",
            tensor=places["age"],
            values=VALUES,
            logits=True,
        )
        gender = Output(
            attribute="gender", kind="probability", tensor=places["gender"], logits=True
        )
        face = [
            Output(attribute="face", kind="probability", tensor=places[name], logits=True)
            for name in places
            if name == "face"
        ]
        return Card(
            name=settings.name if scheme == "int8" else f"{settings.name}_{scheme}",
            description=about.description,
            licence=about.licence(),
            task="estimate",
            bytes=len(content),
            sha256=str(bundle.fingerprint(content)["sha256"]),
            quantization=scheme,
            input=Input(width=size, height=size, colour="rgb"),
            estimator=Estimator(
                crop,
                (age, gender, *face),
                self.gender_confidence_min,
                age_deviation_max_years=self.age_deviation_max_years,
                face_min=self.face_min if face else 0.0,
                age_sharpness_min=AGE_SHARPNESS_MIN,
            ),
            multiply_adds=multiplications(settings.network),
            source=Source("agender-convert train", self.weights_sha256),
            intended_use=INTENDED,
            limits=LIMITS,
        )

    def with_evidence(
        self, card: Card, held: HeldOut, checked: dict[str, dict[str, float]]
    ) -> Card:
        """The card with the thresholds, the confusion matrices and the figures."""
        answers = _answers(held.labels, held.said)
        labelled = measures.Labelled(answers)
        curve = _curve(held, labelled)
        sure = threshold(curve, ACCURACY_WANTED, ANSWERED_MIN) if curve else None
        sure = self.gender_confidence_min if sure is None else sure
        risk = _risk(held, labelled)
        estimator = msgspec.structs.replace(
            card.estimating,
            gender_confidence_min=sure,
            age_deviation_max_years=unsure.deviation_max_years(risk)
            if risk
            else self.age_deviation_max_years,
        )
        if held.judged is not None:
            least = faceness.face_min(held.judged)
            estimator = msgspec.structs.replace(estimator, face_min=_rounded(least))
        data = held.data
        evidence: dict[str, Any] = {
            "held_out": {"data": data, "faces": len(held.labels), **_figures(answers, sure)},
            "groups": _groups(held),
            "calibration": _calibration(held, labelled)
            | {"coverage_adults": curve, "age_risk_and_coverage": risk},
            "by_crop_px": {str(px): _small(held.labels, said) for px, said in held.small.items()},
            "drift_from_float32": _drift(held, labelled),
            "runtimes": checked,
            "training": msgspec.to_builtins(self.settings),
        }
        if held.judged is not None:
            evidence["face"] = faceness.figures(held.judged, estimator.face_min)
        for name, found in (("held_out", held.comparison), ("rehearsal", held.known)):
            if found is not None:
                evidence[f"compared_with_the_start_{name}"] = msgspec.to_builtins(found)
        confusion = measures.confusions(answers, labelled, data)
        return msgspec.structs.replace(
            card, estimator=estimator, confusion=confusion, evidence=_rounded(evidence)
        )


def _risk(held: HeldOut, labelled: measures.Labelled) -> list[dict[str, Any]]:
    """Of the age, by how wide its distribution may be, where the faces are enough to tell by."""
    plain, worn = held.said.deviation, held.worn.deviation
    if plain is None or worn is None or not carries_age(labelled.bands):
        return []
    return unsure.risk_and_coverage(
        unsure.Ages(held.said.years, plain), unsure.Ages(held.worn.years, worn), labelled.bands
    )


def _curve(held: HeldOut, labelled: measures.Labelled) -> list[dict[str, float]]:
    """Of the adults, where they are enough to tell anything by: see `coverage`."""
    if not carries_gender(labelled.bands, labelled.female):
        return []
    adults = labelled.bands >= ADULT_BAND
    return coverage(held.said.women[adults], labelled.female[adults])


def _answers(labels: tuple[Label, ...], said: Said) -> Answers:
    return Answers(labels, said.years, said.women, 0)


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
    figures = _figures(_answers(labels, said), 0)
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


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(float(value), 4) if isinstance(value, float | np.floating) else value
