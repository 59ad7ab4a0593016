"""MTCNN's three networks (Zhang et al. 2016), from the weights in the PyPI package `mtcnn`.

The weights are joblib files, that is pickles: read without unpickling (`joblib_arrays`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from converters import bundle, joblib_arrays, terms
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.sources import Original, PyPi
from edge.runtime.networks.card import Card, Detector, Input, Source

PACKAGE = PyPi("mtcnn", "1.0.0", "0a96b4868e56db9ae984449519642be6dba03240e608a67e928ebb47833e9144")
LICENCE = terms.licence(
    code="MIT",
    weights="MIT",
    data=terms.WIDER_FACE_CELEBA,
    attribution="MTCNN, Kaipeng Zhang et al.; packaged by Iván de Paz Centeno",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One network of the cascade. `pools`: window and padding after each convolution, if any."""

    name: str
    sha256: str
    side_px: int
    score_min: float
    pools: tuple[tuple[int, str] | None, ...]
    heads: tuple[str, ...]


PNET = Stage(
    "pnet",
    "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    12,
    0.6,
    ((2, "same"), None, None),
    ("boxes", "scores"),
)
RNET = Stage(
    "rnet",
    "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    24,
    0.7,
    ((3, "same"), (3, "valid"), None),
    ("boxes", "scores"),
)
ONET = Stage(
    "onet",
    "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
    48,
    0.8,
    ((3, "same"), (3, "valid"), (2, "same"), None),
    ("boxes", "landmarks", "scores"),
)


def _build(stage: Stage, content: bytes, options: Options) -> Iterable[tuple[bytes, Card]]:
    from converters import tflite

    if options.sizes not in (None, ((stage.side_px, stage.side_px),)):
        raise ConvertError(f"MTCNN's {stage.name} has a size of its own: no --size")
    scheme = options.scheme or "float32"
    side = stage.side_px if stage is not PNET else None
    flatbuffer = tflite.convert(
        function(stage, content), [None, side, side, 3], scheme, options.calibration
    )
    yield flatbuffer, _card(stage, scheme, flatbuffer, tflite.output_positions(flatbuffer))


def function(stage: Stage, content: bytes) -> Callable[[Any], dict[str, Any]]:
    """The stage as a function: float32 N × H × W × 3, RGB (v − 127.5)/128 → outputs by head."""
    import lz4.frame
    import tensorflow as tf

    try:
        weights = joblib_arrays.arrays(lz4.frame.decompress(content))
    except RuntimeError as error:
        raise ConvertError(f"MTCNN's {stage.name} is truncated: its compression ends") from error

    def run(image: Any) -> dict[str, Any]:
        left = iter(weights)
        x = image
        for pool in stage.pools:
            x = _prelu(tf.nn.conv2d(x, next(left), 1, "VALID") + next(left), next(left))
            if pool is not None:
                x = tf.nn.max_pool2d(x, pool[0], 2, pool[1].upper())
        if stage is not PNET:
            # The original counts columns first; its dense layer expects the features so.
            x = tf.transpose(x, [0, 2, 1, 3])
            x = tf.reshape(x, [-1, x.shape[1] * x.shape[2] * x.shape[3]])
            x = _prelu(tf.matmul(x, next(left)) + next(left), next(left))
        outputs = {}
        for head in stage.heads:
            kernel, bias = next(left), next(left)
            y = tf.nn.conv2d(x, kernel, 1, "VALID") if stage is PNET else tf.matmul(x, kernel)
            outputs[head] = y + bias
        outputs["scores"] = tf.nn.softmax(outputs["scores"])
        return outputs

    return run


def _prelu(x: Any, alpha: Any) -> Any:
    """Parametric ReLU, in the form that the TFLite converter takes for one operation."""
    import tensorflow as tf

    return tf.nn.relu(x) - alpha * tf.nn.relu(-x)


def _card(stage: Stage, scheme: str, flatbuffer: bytes, tensors: dict[str, int]) -> Card:
    suffix = "" if scheme == "float32" else f"_{scheme}"
    return Card(
        name=f"mtcnn_{stage.name}{suffix}",
        description=f"MTCNN's {stage.name}, one of the three networks of its cascade",
        licence=LICENCE,
        task="detect",
        quantization=scheme,
        input=Input(
            width=stage.side_px,
            height=stage.side_px,
            colour="rgb",
            mean=(127.5, 127.5, 127.5),
            scale=(1 / 128, 1 / 128, 1 / 128),
        ),
        detector=Detector(
            family="mtcnn",
            score_min=stage.score_min,
            score_low=stage.score_min,
            nms_iou=0.3 if stage is ONET else 0.7,
            strides=(2,) if stage is PNET else (),
            tensors=tensors,
        ),
        source=Source(PACKAGE.origin, stage.sha256, "Kaipeng Zhang et al."),
        intended_use="A baseline to compare with.",
        limits="Upright faces of at least 20 pixels; slow where a frame holds many candidates.",
        **bundle.fingerprint(flatbuffer),
    )


def recipe(stage: Stage) -> Recipe:
    """The recipe for one stage."""
    original = Original(PACKAGE, stage.sha256, f"mtcnn/assets/weights/{stage.name}.lz4")
    summary = f"MTCNN, stage {stage.name} (all three make the detector `mtcnn`)"
    return Recipe(summary, original, partial(_build, stage), cascade=True)
