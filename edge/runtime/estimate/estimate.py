"""Faces → age and gender, one batch a network, decoded as each card says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.runtime.estimate.crop import cut
from edge.runtime.estimate.decode import Values, decode, deviation
from edge.runtime.estimate.sharpness import sharpness
from edge.runtime.frame import Estimate, Face, Image
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Card, Output
from edge.runtime.networks.card import Estimator as Spec
from edge.runtime.networks.model import Network, load

NAMES_MAX = 64
"""Letters of the `model` of a message."""


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
        if len(self.names) > NAMES_MAX:
            raise ModelError(
                f"the names of the estimators, {self.names}, are longer than {NAMES_MAX} letters "
                "together, and no message can say them: give their bundles shorter ones"
            )

    @property
    def names(self) -> str:
        """The cards' names, joined as the `model` of a message."""
        return ".".join(card.name for card in self.cards)

    def prepare(self, largest: int) -> None:
        """Allocate for batches of up to `largest` faces."""
        for network in self._networks:
            network.prepare(largest)

    def estimate(
        self, full: Image, faces: Sequence[Face], *, sharp_only: bool = True
    ) -> list[Estimate]:
        """A BGR frame and faces in its pixels → an estimate a face, in the same order.

        `sharp_only`: of crops whose age the card does not believe (`age_sharpness_min`,
        `age_deviation_max_years`) none is told.
        """
        if not faces:
            return []
        found: dict[str, Values] = {}
        batches: dict[tuple[object, object], Image] = {}
        believed = np.ones(len(faces), np.bool_)
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
                if output.attribute == "age" and sharp_only:
                    believed &= _believed(spec, output, outputs[output.tensor], batches[key])
        nothing = [None] * len(faces)
        told = {name: values.tolist() for name, values in found.items()}
        columns = (told.get(name, nothing) for name in ("age", "gender", "face"))
        return [
            Estimate(age if sure else None, female, face_chance=face)
            for age, female, face, sure in zip(*columns, believed.tolist(), strict=True)
        ]


def _believed(
    spec: Spec, output: Output, tensor: NDArray[np.float32], crops: Image
) -> NDArray[np.bool_]:
    """Of which crops the age is told: those that are sharp enough, and whose age is sure enough."""
    sure = np.ones(len(crops), np.bool_)
    if spec.age_sharpness_min > 0:
        sure &= np.array([sharpness(crop) >= spec.age_sharpness_min for crop in crops])
    if spec.age_deviation_max_years is not None:
        sure &= deviation(tensor, output) <= spec.age_deviation_max_years
    return sure


def open_estimator(  # noqa: PLR0913 - each is a key of the configuration
    names: Sequence[str],
    folder: Path,
    family: str,
    *,
    threads: int = 1,
    meter: Meter | None = None,
    force_heavy: bool = False,
) -> Estimator:
    """The estimators named in the configuration, their bytes checked against their cards."""
    networks = [load(name, folder, threads, force_heavy=force_heavy) for name in names]
    return Estimator(networks, family, meter or Meter())
