"""SsrNet weights → a Keras model in plain operations that every TFLite runtime has."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from converters.ssrnet.weights import BINS, INPUT_PX, STAGES, Layer, SsrNet

_POOL_OF_STAGE = {1: 1, 2: 4, 3: 8}


def build(net: SsrNet) -> keras.Model:
    """float32 N × 64 × 64 × 3 (any N) → N × 1: years, or the share between two classes."""
    image = keras.Input((INPUT_PX, INPUT_PX, 3), name="image")
    deep = {
        "x": _trunk(net, "x", image, "relu", layers.AveragePooling2D),
        "s": _trunk(net, "s", image, "tanh", layers.MaxPooling2D),
    }
    total: Any = 0.0
    share: Any = 1.0
    for stage in STAGES:
        value, width = _stage(net, stage, deep)
        share = share / (BINS * width)
        total = total + value * share
    return keras.Model(image, total * net.value_range, name="ssrnet")


def _trunk(net: SsrNet, trunk: str, image: Any, activation: str, pool: Any) -> dict[int, Any]:
    """Four convolutions with pooling between; → the features that each stage reads."""
    outputs = []
    x = image
    for depth in (1, 2, 3, 4):
        x = _convolution(net, f"{trunk}{depth}", x, 3, activation)
        if depth < 4:
            x = pool(2)(x)
        outputs.append(x)
    return {1: outputs[3], 2: outputs[1], 3: outputs[0]}


def _stage(net: SsrNet, stage: int, deep: dict[str, dict[int, Any]]) -> tuple[Any, Any]:
    """(Σ (bin + local shift) × weight, 1 + delta) of one stage."""
    activation = "relu" if stage > 1 or net.stage1_relu else None
    flat, narrow = {}, {}
    for trunk, pool in (("s", layers.MaxPooling2D), ("x", layers.AveragePooling2D)):
        x = _convolution(net, f"{stage}/{trunk}_conv", deep[trunk][stage], 1, activation)
        if _POOL_OF_STAGE[stage] > 1:
            x = pool(_POOL_OF_STAGE[stage])(x)
        flat[trunk] = ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))
        narrow[trunk] = _dense(net, f"{stage}/{trunk}_dense", flat[trunk], "relu")
    delta = _dense(net, f"{stage}/delta", flat["s"] * flat["x"], "tanh")
    mix = _dense(net, f"{stage}/mix", narrow["s"] * narrow["x"], "relu")
    weight = _dense(net, f"{stage}/pred", mix, "relu")
    local = _dense(net, f"{stage}/local", mix, "tanh")
    bins = np.arange(BINS, dtype=np.float32)
    return ops.sum((local + bins) * weight, axis=1, keepdims=True), delta + 1.0


def _convolution(net: SsrNet, name: str, x: Any, size: int, activation: str | None) -> Any:
    layer = net.layers[name]
    keras_layer = layers.Conv2D(layer.bias.size, size, activation=activation, name=_plain(name))
    return _filled(keras_layer, x, layer)


def _dense(net: SsrNet, name: str, x: Any, activation: str) -> Any:
    layer = net.layers[name]
    keras_layer = layers.Dense(layer.bias.size, activation=activation, name=_plain(name))
    return _filled(keras_layer, x, layer)


def _filled(keras_layer: Any, x: Any, layer: Layer) -> Any:
    y = keras_layer(x)
    keras_layer.set_weights([layer.kernel, layer.bias])
    return y


def _plain(name: str) -> str:
    return "stage_" + name.replace("/", "_") if "/" in name else name
