"""The card of a network of our own: how to feed it, what it says, and how well it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from converters import bundle
from converters.evaluate import measures
from converters.nets.spec import multiplications
from converters.train import faceness, unsure
from converters.train.calibrate import VALUES, threshold
from converters.train.held_out import (
    HeldOut,
    Rows,
    answers_of,
    curve_of,
    figures_of,
    risk_of,
    rounded,
)
from converters.train.settings import Settings
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
        answers = answers_of(held.labels, held.said)
        labelled = measures.Labelled(answers)
        curve, risk = curve_of(held, labelled), risk_of(held, labelled)
        estimator = self._with_thresholds(card.estimating, held, curve, risk)
        evidence = {
            **figures_of(held, labelled, estimator.gender_confidence_min, curve, risk),
            "runtimes": checked,
            "training": msgspec.to_builtins(self.settings),
        }
        if held.judged is not None:
            evidence["face"] = faceness.figures(held.judged, estimator.face_min)
        for name, found in (("held_out", held.comparison), ("rehearsal", held.known)):
            if found is not None:
                evidence[f"compared_with_the_start_{name}"] = msgspec.to_builtins(found)
        confusion = measures.confusions(answers, labelled, held.data)
        return msgspec.structs.replace(
            card, estimator=estimator, confusion=confusion, evidence=rounded(evidence)
        )

    def _with_thresholds(
        self, estimator: Estimator, held: HeldOut, curve: Rows, risk: Rows
    ) -> Estimator:
        """As the held-out faces set them; as the draft has them where these are too few."""
        sure = threshold(curve, ACCURACY_WANTED, ANSWERED_MIN) if curve else None
        estimator = msgspec.structs.replace(
            estimator,
            gender_confidence_min=self.gender_confidence_min if sure is None else sure,
            age_deviation_max_years=unsure.deviation_max_years(risk)
            if risk
            else self.age_deviation_max_years,
        )
        if held.judged is None:
            return estimator
        least = faceness.face_min(held.judged)
        return msgspec.structs.replace(estimator, face_min=rounded(least))
