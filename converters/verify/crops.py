"""Labelled pictures → the crops that a network is shown on the device, with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converters import progress
from converters.errors import ConvertError
from converters.evaluate.faces import chosen, labelled_face, padded
from converters.train.labels import Label, open_data
from edge.runtime.card import Card, Input
from edge.runtime.crop import cut
from edge.runtime.detect import open_detector
from edge.runtime.frame import Image
from edge.runtime.model import value_table

LEAST_CROPS = 200
"""Fewer are too few to state a drift by."""


@dataclass(frozen=True, slots=True)
class Crops:
    """images: N × H × W × 3 uint8 in the card's colour order, labels: of each."""

    images: Image
    labels: tuple[Label, ...]
    data: str
    detector: str

    def inputs(self, spec: Input) -> NDArray[np.float32]:
        """The values of the network's input tensor, float32."""
        table = value_table(spec, np.float32, (1.0, 0))
        channels = [table[0, :, channel][self.images[..., channel]] for channel in range(3)]
        return np.stack(channels, -1)


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
    found = open_detector(where.detector, where.models)
    family = found.card.detecting.family
    crops: list[Image] = []
    labels: list[Label] = []
    with open_data(where.data) as folder:
        for label in progress.over(chosen(folder.labels, where.limit), "crops"):
            picture = padded(folder.picture(label), where.pad)
            face = labelled_face(found, picture)
            if face is not None:
                crops.append(cut(picture, [face], card.estimating.crop, card.input, family))
                labels.append(label)
    if len(crops) < LEAST_CROPS:
        raise ConvertError(
            f"{where.data} gives {len(crops)} faces that {where.detector!r} finds; "
            f"at least {LEAST_CROPS} are needed to state a drift"
        )
    return Crops(np.concatenate(crops), tuple(labels), where.data.name, where.detector)
