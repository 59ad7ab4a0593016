"""Labelled pictures → the crops that a network is shown on the device, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.evaluate.faces import chosen, labelled_face, padded
from converters.labels import Label, open_data
from edge import progress
from edge.runtime.detect import open_detector
from edge.runtime.estimate.crop import coloured, cut
from edge.runtime.frame import Image
from edge.runtime.networks.card import Card, Input
from edge.runtime.networks.model import value_table

LEAST_CROPS = 200
"""Fewer are too few to state a drift by."""


@dataclass(frozen=True, slots=True)
class Crops:
    """images: N × H × W × 3 uint8, BGR, as the device cuts them, labels: of each."""

    images: Image
    labels: tuple[Label, ...]
    data: str
    detector: str

    def inputs(self, spec: Input) -> NDArray[np.float32]:
        """The values of the network's input tensor, float32."""
        table, images = value_table(spec, np.float32, (1.0, 0)), self.pixels(spec)
        channels = [table[0, :, at][images[..., at]] for at in range(spec.channels)]
        return np.stack(channels, -1)

    def pixels(self, spec: Input) -> Image:
        """N × H × W × channels uint8 in the order of colours that the network is shown."""
        return coloured(self.images, spec.colour)

    def some(self, rows: NDArray[np.int64]) -> Crops:
        """These of them."""
        labels = tuple(self.labels[row] for row in rows.tolist())
        return replace(self, images=self.images[rows], labels=labels)


@dataclass(frozen=True, slots=True)
class Where:
    """Labelled pictures, and how to find the faces in them."""

    data: Path
    models: Path
    limit: int
    pad: float = 0.0
    detector: str = "far"


def cut_crops(card: Card, where: Where) -> Crops:
    """Detect and cut the labelled faces as `card` asks; ConvertError for too few."""
    return cut_for((card,), where)[0]


def cut_for(cards: Sequence[Card], where: Where) -> list[Crops]:
    """The same faces, detected once, as each of the cards asks; ConvertError for too few."""
    found = open_detector(where.detector, where.models)
    family = found.card.detecting.family
    plain = [(card.estimating.crop, replace_colour(card.input, "bgr")) for card in cards]
    crops: list[list[Image]] = [[] for _ in cards]
    labels: list[Label] = []
    with open_data(where.data) as folder:
        for label in progress.over(chosen(folder.labels, where.limit), "crops"):
            picture = padded(folder.picture(label), where.pad)
            face = labelled_face(found, picture)
            if face is None:
                continue
            labels.append(label)
            for several, (crop, size) in zip(crops, plain, strict=True):
                several.append(cut(picture, [face], crop, size, family))
    if len(labels) < LEAST_CROPS:
        raise ConvertError(
            f"{where.data} gives {len(labels)} faces that {where.detector!r} finds; "
            f"at least {LEAST_CROPS} are needed to state a drift"
        )
    name = where.data.name
    return [Crops(np.concatenate(c), tuple(labels), name, where.detector) for c in crops]


def replace_colour(spec: Input, colour: Literal["bgr", "rgb", "grey"]) -> Input:
    """The input in another order of colours."""
    return msgspec.structs.replace(spec, colour=colour)
