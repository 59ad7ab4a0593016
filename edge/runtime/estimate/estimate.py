"""Faces → age and gender, one batch a network, decoded as each card says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import ModelError
from edge.runtime.estimate.crop import cut
from edge.runtime.estimate.decode import Values, decode
from edge.runtime.estimate.sharpness import sharpness
from edge.runtime.frame import Estimate, Face, Image
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Card
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

        `sharp_only`: of crops less sharp than their card's `age_sharpness_min` no age is told.
        """
        if not faces:
            return []
        found: dict[str, Values] = {}
        batches: dict[tuple[object, object], Image] = {}
        believed = [True] * len(faces)
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
                if output.attribute == "age" and sharp_only and spec.age_sharpness_min > 0:
                    believed = [sharpness(crop) >= spec.age_sharpness_min for crop in batches[key]]
        nothing = [None] * len(faces)
        ages, genders = found.get("age"), found.get("gender")
        return [
            Estimate(age if sharp else None, female)
            for age, female, sharp in zip(
                nothing if ages is None else ages.tolist(),
                nothing if genders is None else genders.tolist(),
                believed,
                strict=True,
            )
        ]


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
