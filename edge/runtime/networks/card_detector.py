"""The parts of a card that say how a detector's answers are read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from edge.runtime.networks.card_keys import (
    Fraction,
    Name,
    Part,
    Score,
    Sharpness,
    Step,
    Tensor,
    about,
)

SidePx = Annotated[float, Meta(gt=0, le=4096)]
Ratio = Annotated[float, Meta(gt=0, le=100)]
Gain = tuple[
    Annotated[float, Meta(ge=0.1, le=4)],
    Annotated[float, Meta(ge=0.1, le=4)],
    Annotated[float, Meta(ge=0.1, le=4)],
]
"""Of blue, green and red."""


class Prior(Part, frozen=True, kw_only=True):
    """One level of an SSD's prior boxes."""

    cells: Annotated[int, about("Cells across and down.", 38, "cells", gt=0, le=128)]
    step: Annotated[Step, about("From one cell to the next.", 8, "pixels of the input")]
    smallest: Annotated[SidePx, about("Side of its smaller box.", 30.0, "pixels of the input")]
    largest: Annotated[
        SidePx,
        about("With the smaller one it gives the side of the larger.", 60.0, "pixels of the input"),
    ]
    ratios: Annotated[
        tuple[Ratio, ...], about("Widths of further boxes to their heights.", [2.0], max_length=8)
    ] = ()


class SecondLook(Part, frozen=True, kw_only=True):
    """How a detector looks again at what it took for a face, and when it takes that back.

    The network of the card `card` sees the face alone, mirrored. A visit is nobody's if no look
    reached `score_min`, the crops were at least `sharpness_min` sharp, and the detector's own
    scores were below `mean_min` on average.
    """

    card: Annotated[Name, about("The card whose network looks again.", "libface_96x96")]
    face_px: Annotated[
        int,
        about("The face's longer side in that network's input.", 40, "pixels", ge=8, le=2048),
    ]
    score_min: Annotated[
        Fraction, about("A look that reaches it says that it is a face.", 0.8, "score")
    ]
    mean_min: Annotated[
        Fraction, about("The detector's own scores that need no second look.", 0.72, "score")
    ]
    sharpness_min: Annotated[
        Sharpness,
        about("A low score of a crop less sharp than this is not believed.", 0.35, "sharpness"),
    ]


class Detector(Part, frozen=True, kw_only=True):
    """What a detector's runtime needs beyond its input; meaning depends on the family."""

    family: Annotated[
        Name,
        about(
            "How its answers are decoded: blazeface, centerface, grid, mtcnn, ssd, yunet.", "grid"
        ),
    ]
    score_min: Annotated[Score, about("From here on it is a face.", 0.55, "score")]
    score_low: Annotated[
        Score, about("From here on it keeps a face that is followed.", 0.4, "score")
    ]
    nms_iou: Annotated[
        Fraction, about("Boxes that overlap by more are one face.", 0.3, "intersection over union")
    ] = 0.3
    strides: Annotated[
        tuple[Step, ...],
        about(
            "From one cell to the next, level by level.",
            [8, 16, 32],
            "pixels of the input",
            max_length=8,
        ),
    ] = ()
    anchors_per_cell: Annotated[
        tuple[Annotated[int, Meta(gt=0, le=16)], ...],
        about("Anchors of each cell, level by level.", [2, 6], max_length=8),
    ] = ()
    priors: Annotated[
        tuple[Prior, ...], about("An SSD's boxes, level by level.", max_length=8)
    ] = ()
    variances: Annotated[
        tuple[Ratio, Ratio],
        about("An SSD's offsets are multiplied by these: of places, of sizes.", [0.1, 0.2]),
    ] = (0.1, 0.2)
    tensors: Annotated[
        dict[Name, Tensor],
        about(
            "What the family's decoder calls an output → its index in the file.",
            {"place": 0, "score": 1},
            max_length=32,
        ),
    ] = msgspec.field(default_factory=dict)
    parts: Annotated[
        tuple[Name, ...],
        about(
            "Cards of the same network for some of a picture's columns: as high, the narrowest "
            "first.",
            ["libface_160x240"],
            max_length=8,
        ),
    ] = ()
    second_look: Annotated[
        SecondLook | None, about("When it looks again at what it found; unset: never.")
    ] = None
    grey_gain: Annotated[
        Gain | None,
        about(
            "What blue, green and red of a picture without colours, as at night, are multiplied "
            "by, for a network that learnt from colours; unset: it is shown as it is.",
            [0.7, 0.95, 1.2],
        ),
    ] = None
    tile_handicap: Annotated[
        Fraction,
        about(
            "What a score counts less where a part of the frame is looked at with every pixel.",
            0.1,
            "score",
        ),
    ] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.score_low > self.score_min:
            raise ValueError(
                f"`score_low` is {self.score_low}, must not be above `score_min` ({self.score_min})"
            )
