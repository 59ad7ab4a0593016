"""SsrNet weights → a Keras model in plain operations that every TFLite runtime has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from converters.ssrnet.weights import BINS, INPUT_PX, STAGES, Array, Layer, SsrNet

_POOL_OF_STAGE = {1: 1, 2: 4, 3: 8}


def build(net: SsrNet, dead: Mapping[int, float] | None = None) -> keras.Model:
    """float32 N × 64 × 64 × 3 (any N) → N × 1: years, or the share between two classes.

    With `dead` (stage → its constant value, see `dead_stages`; may be empty) the model is built
    for integers: dead branches are left out, since a tensor that is always 0 gets a scale near 0
    and stops the interpreter, and 1/(1 + tanh z) is written (1 + exp −2z)/2, since there is no
    integer division.
    """
    # Keras counts layers of a kind over the whole session, and the counts get into the file.
    keras.utils.clear_session()
    image = keras.Input((INPUT_PX, INPUT_PX, 3), name="image")
    deep = _trunks(net, image)
    total: Any = None
    share: Any = None
    for stage in STAGES:
        flat = {trunk: _features(net, stage, trunk, deep[trunk]) for trunk in ("s", "x")}
        width = _width(net, stage, flat, integers=dead is not None)
        share = width if share is None else share * width
        constant = None if dead is None else dead.get(stage)
        if constant == 0:
            continue
        value = _value(net, stage, flat) if constant is None else constant
        total = share * value if total is None else total + share * value
    return keras.Model(image, total * net.value_range, name="ssrnet")


def dead_stages(net: SsrNet, images: Array) -> dict[int, float]:
    """Stages that add the same value on every image → that value.

    Their gates, or the weights behind them, are always 0, so that only biases speak.
    """
    image = keras.Input((INPUT_PX, INPUT_PX, 3), name="image")
    deep = _trunks(net, image)
    dead = {}
    for stage in STAGES:
        flat = {trunk: _features(net, stage, trunk, deep[trunk]) for trunk in ("s", "x")}
        values = keras.Model(image, _value(net, stage, flat)).predict(images, verbose=0)
        if np.ptp(values) == 0:
            dead[stage] = float(values.flat[0])
    return dead


def _trunks(net: SsrNet, image: Any) -> dict[str, dict[int, Any]]:
    return {
        "x": _trunk(net, "x", image, "relu", layers.AveragePooling2D),
        "s": _trunk(net, "s", image, "tanh", layers.MaxPooling2D),
    }


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


def _features(net: SsrNet, stage: int, trunk: str, deep: dict[int, Any]) -> Any:
    """One trunk's features for one stage, N × (H·W·10)."""
    activation = "relu" if stage > 1 or net.stage1_relu else None
    x = _convolution(net, f"{stage}/{trunk}_conv", deep[stage], 1, activation)
    if _POOL_OF_STAGE[stage] > 1:
        pool = layers.MaxPooling2D if trunk == "s" else layers.AveragePooling2D
        x = pool(_POOL_OF_STAGE[stage])(x)
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def _gate(net: SsrNet, stage: int, flat: dict[str, Any]) -> Any:
    narrow = {
        trunk: _dense(net, f"{stage}/{trunk}_dense", flat[trunk], "relu") for trunk in ("s", "x")
    }
    return narrow["s"] * narrow["x"]


def _value(net: SsrNet, stage: int, flat: dict[str, Any]) -> Any:
    """Σ (bin + local shift) × weight."""
    mix = _dense(net, f"{stage}/mix", _gate(net, stage, flat), "relu")
    weight = _dense(net, f"{stage}/pred", mix, "relu")
    local = _dense(net, f"{stage}/local", mix, "tanh")
    return ops.sum((local + np.arange(BINS, dtype=np.float32)) * weight, axis=1, keepdims=True)


def _width(net: SsrNet, stage: int, flat: dict[str, Any], integers: bool) -> Any:
    """1 / (bins × (1 + tanh z)): how wide a bin of this stage is, in bins of the one before."""
    product = flat["s"] * flat["x"]
    if not integers:
        return 1.0 / (BINS * (1.0 + _dense(net, f"{stage}/delta", product, "tanh")))
    z = _dense(net, f"{stage}/delta", product, None)
    return ops.exp(z * -2.0) * (0.5 / BINS) + 0.5 / BINS


def _convolution(net: SsrNet, name: str, x: Any, size: int, activation: str | None) -> Any:
    layer = net.layers[name]
    keras_layer = layers.Conv2D(layer.bias.size, size, activation=activation, name=_plain(name))
    return _filled(keras_layer, x, layer)


def _dense(net: SsrNet, name: str, x: Any, activation: str | None) -> Any:
    layer = net.layers[name]
    keras_layer = layers.Dense(layer.bias.size, activation=activation, name=_plain(name))
    return _filled(keras_layer, x, layer)


def _filled(keras_layer: Any, x: Any, layer: Layer) -> Any:
    y = keras_layer(x)
    keras_layer.set_weights([layer.kernel, layer.bias])
    return y


def _plain(name: str) -> str:
    return "stage_" + name.replace("/", "_") if "/" in name else name
