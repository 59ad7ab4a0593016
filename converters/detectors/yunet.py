"""YuNet n and s (Wu, Peng, Yu 2023): anchor-free, strides 8 to 32, sees small faces; from ONNX.

In no package registry, so not shipped: fetched by URL, or given as a path.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from converters import bundle, terms
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, Url
from edge.runtime.networks.card import Card, Detector, Input, Source

REPOSITORY = "https://github.com/ShiqiYu/libfacedetection.train/raw/{}/onnx/{}"
STRIDES = (8, 16, 32)
DEFAULT_SIZES = ((320, 192), (320, 256))
"""16:9 and 4:3."""
LICENCE = terms.licence(
    code="Apache-2.0",
    weights="Apache-2.0",
    data=terms.WIDER_FACE,
    attribution="YuNet, Wei Wu, Hanyang Peng, Shiqi Yu",
)


def recipe(variant: str, commit: str, sha256: str, same: tuple[str, ...] = ()) -> Recipe:
    """The recipe for variant 'n' or 's'."""
    url = Url(REPOSITORY.format(commit, f"yunet_{variant}_320_320.onnx"), sha256)
    original = Original(url, sha256, same=same)
    return Recipe(
        f"YuNet {variant}: faces from 10 pixels on", original, partial(_build, variant, original)
    )


def _build(
    variant: str, original: Original, content: bytes, options: Options
) -> Iterable[tuple[bytes, Card]]:
    from converters import tflite
    from converters.importers import onnx_file
    from converters.importers.graph import execute

    graph = execute.function(onnx_file.load_graph(content, f"YuNet {variant}"), pictures=True)
    scheme = options.scheme or "float16"
    for width, height in options.sizes or DEFAULT_SIZES:
        if width % max(STRIDES) or height % max(STRIDES):
            raise ConvertError(
                f"YuNet takes widths and heights in steps of {max(STRIDES)}, not {width}x{height}"
            )
        flatbuffer = tflite.convert(graph, [1, height, width, 3], scheme, options.calibration)
        suffix = "" if scheme == "float16" else f"_{scheme}"
        yield (
            flatbuffer,
            Card(
                name=f"yunet_{variant}_{width}x{height}{suffix}",
                description=f"YuNet {variant} for {width} x {height} pixels",
                licence=LICENCE,
                task="detect",
                quantization=scheme,
                input=Input(width=width, height=height, colour="bgr"),
                detector=Detector(
                    family="yunet",
                    score_min=0.7,
                    score_low=0.4,
                    nms_iou=0.3,
                    strides=STRIDES,
                    tensors=tflite.output_positions(flatbuffer),
                ),
                source=Source(original.source.origin, original.sha256, "Shiqi Yu et al."),
                intended_use="Finding faces, near and far, to count people anonymously.",
                limits=f"Faces of at least about 10 pixels in the {width}-pixel-wide input.",
                **bundle.fingerprint(flatbuffer),
            ),
        )


N = recipe(
    "n",
    "47198234de8c4646961e46159e02af5b06021a78",
    "81dbde155e982455488235acb8ec2dec5d647edf7cf7080d33e4abb69b93a0d2",
    # yunet_n_640_640.onnx: another input shape, the same weights.
    ("25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",),
)
S = recipe(
    "s",
    "2a9e94ccc6b4bfbc32a427618dfe13f7667c8d1d",
    "beb05bf2378aee45cd7c41056da07265b7bb91041ed1b06f923819a9c744ec36",
)
