"""OpenCV's SSD face detector with a ten-layer ResNet, from its frozen TensorFlow graph.

Why a naive conversion differs from OpenCV by up to 3 in its outputs: the graph's weights are
8-bit with `Dequantize` nodes of mode MIN_FIRST, which move the range so that 0 is one of its 256
values. Scaling between the stored ends instead shifts every weight by up to half a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from converters import bundle, terms
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, Url
from edge.runtime.networks.card import Card, Detector, Input, Prior, Source

SHA256 = "5c71d752ef2cbf2f457ac82fdd580fcb2522fd04c5efdaed18eb6d9e2843fbed"
ORIGINAL = Original(
    Url(
        "https://github.com/opencv/opencv_3rdparty/raw/"
        "8033c2bc31b3256f0d461c919ecc01c2428ca03b/opencv_face_detector_uint8.pb",
        SHA256,
    ),
    SHA256,
)
SIDE_PX = 300
MEAN_BGR = (104.0, 177.0, 123.0)
"""Old demos subtract 117 from green: a misprint that spread."""
HEADS = {"boxes": "mbox_loc:0", "scores": "mbox_conf_flatten:0"}
PRIORS = (
    Prior(cells=38, step=8, smallest=30, largest=60, ratios=(2.0,)),
    Prior(cells=19, step=16, smallest=60, largest=111, ratios=(2.0, 3.0)),
    Prior(cells=10, step=32, smallest=111, largest=162, ratios=(2.0, 3.0)),
    Prior(cells=5, step=64, smallest=162, largest=213, ratios=(2.0, 3.0)),
    Prior(cells=5, step=100, smallest=213, largest=264, ratios=(2.0,)),
    Prior(cells=5, step=300, smallest=264, largest=315, ratios=(2.0,)),
)
"""From opencv_face_detector.pbtxt."""


def _build(content: bytes, options: Options) -> Iterable[tuple[bytes, Card]]:
    from converters import tflite

    if options.sizes not in (None, ((SIDE_PX, SIDE_PX),)):
        raise ConvertError(f"this SSD takes {SIDE_PX}x{SIDE_PX} only")
    scheme = options.scheme or "float32"
    network = function(content)
    flatbuffer = tflite.convert(network, [1, SIDE_PX, SIDE_PX, 3], scheme, options.calibration)
    yield flatbuffer, _card(scheme, flatbuffer, tflite.output_positions(flatbuffer))


def function(content: bytes) -> Any:
    """The frozen graph as a function: float32 1 × 300 × 300 × 3, BGR less mean → outputs."""
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
        folded = _folded(graph)
        whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(folded, name=""), [])
        network = whole.prune("data:0", list(HEADS.values()))
    except Exception as error:  # protobuf and TensorFlow raise types of their own
        raise ConvertError("this is no SSD face detector in a frozen graph") from error
    return lambda image: dict(zip(HEADS, network(image), strict=True))


def _folded(graph: Any) -> Any:
    """The graph with every Dequantize node made a constant."""
    import tensorflow as tf

    constants = {node.name: node for node in graph.node if node.op == "Const"}
    folded = tf.compat.v1.GraphDef()
    for node in graph.node:
        fresh = folded.node.add()
        if node.op != "Dequantize":
            fresh.CopyFrom(node)
            continue
        values, low, high = (
            tf.make_ndarray(constants[name].attr["value"].tensor) for name in node.input
        )
        fresh.name, fresh.op = node.name, "Const"
        fresh.attr["dtype"].type = tf.float32.as_datatype_enum
        proto = tf.make_tensor_proto(dequantized(values, float(low), float(high)))
        fresh.attr["value"].tensor.CopyFrom(proto)
    return folded


def dequantized(values: Any, low: float, high: float) -> Any:
    """TensorFlow's MIN_FIRST: 0..255 → low..high, moved so that 0 is met exactly."""
    step = (high - low) / 255
    start = round(low / step) * step if step else low
    return (values.astype(np.float64) * step + start).astype(np.float32)


def _card(scheme: str, flatbuffer: bytes, tensors: dict[str, int]) -> Card:
    suffix = "" if scheme == "float32" else f"_{scheme}"
    return Card(
        name=f"ssd_res10_{SIDE_PX}{suffix}",
        description="OpenCV's SSD face detector with a ten-layer ResNet",
        licence=terms.licence(
            code="Apache-2.0",
            weights="Apache-2.0",
            data=terms.unpublished("not published", "OpenCV's project gives the network."),
            attribution="OpenCV",
        ),
        task="detect",
        quantization=scheme,
        input=Input(width=SIDE_PX, height=SIDE_PX, colour="bgr", mean=MEAN_BGR),
        detector=Detector(
            family="ssd",
            score_min=0.5,
            score_low=0.3,
            nms_iou=0.45,
            priors=PRIORS,
            variances=(0.1, 0.2),
            tensors=tensors,
        ),
        source=Source(ORIGINAL.source.origin, SHA256, "OpenCV"),
        intended_use="A baseline to compare with.",
        limits="Faces of at least about a tenth of the picture's side; no landmarks.",
        **bundle.fingerprint(flatbuffer),
    )


RECIPE = Recipe("OpenCV's SSD res10: the tutorials' detector", ORIGINAL, _build)
