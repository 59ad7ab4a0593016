"""SSR-Net in float64 NumPy, written from the paper's formula: what conversions are held against.

Shares no code with the Keras build. Slow; for parity checks on a few hundred images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from converters.ssrnet.weights import BINS, STAGES, SsrNet

Array = NDArray[np.float64]
_POOL = {1: 1, 2: 4, 3: 8}


def evaluate(net: SsrNet, images: NDArray[np.float32]) -> Array:
    """N × 64 × 64 × 3, as the network's card asks → N outputs."""
    pixels = images.astype(np.float64)
    x = _trunk(net, "x", pixels)
    s = _trunk(net, "s", pixels)
    total = np.zeros(len(pixels))
    share = np.ones(len(pixels))
    for stage in STAGES:
        s_flat, s_narrow = _branch(net, stage, "s", s[stage])
        x_flat, x_narrow = _branch(net, stage, "x", x[stage])
        delta = np.tanh(_dense(net, f"{stage}/delta", s_flat * x_flat))[:, 0]
        mix = _relu(_dense(net, f"{stage}/mix", s_narrow * x_narrow))
        weight = _relu(_dense(net, f"{stage}/pred", mix))
        local = np.tanh(_dense(net, f"{stage}/local", mix))
        share = share / (BINS * (1 + delta))
        total += (weight * (np.arange(BINS) + local)).sum(1) * share
    return np.asarray(total * net.value_range)


def _trunk(net: SsrNet, trunk: str, image: Array) -> dict[int, Array]:
    activate, reduce = (_relu, np.mean) if trunk == "x" else (np.tanh, np.max)
    outputs = []
    for depth in (1, 2, 3, 4):
        image = activate(_convolve(net, f"{trunk}{depth}", image))
        image = _pool(image, 2, reduce) if depth < 4 else image
        outputs.append(image)
    return {1: outputs[3], 2: outputs[1], 3: outputs[0]}


def _branch(net: SsrNet, stage: int, trunk: str, features: Array) -> tuple[Array, Array]:
    values = _convolve(net, f"{stage}/{trunk}_conv", features)
    if stage > 1 or net.stage1_relu:
        values = _relu(values)
    values = _pool(values, _POOL[stage], np.mean if trunk == "x" else np.max)
    flat = values.reshape(len(values), -1)
    return flat, _relu(_dense(net, f"{stage}/{trunk}_dense", flat))


def _convolve(net: SsrNet, name: str, image: Array) -> Array:
    layer = net.layers[name]
    size = layer.kernel.shape[0]
    windows = sliding_window_view(image, (size, size), (1, 2))
    return np.asarray(
        np.einsum("nyxcij,ijco->nyxo", windows, layer.kernel.astype(np.float64), optimize=True)
        + layer.bias
    )


def _dense(net: SsrNet, name: str, features: Array) -> Array:
    layer = net.layers[name]
    return np.asarray(features @ layer.kernel.astype(np.float64) + layer.bias)


def _pool(image: Array, size: int, reduce: Callable[..., Any]) -> Array:
    n, height, width, channels = image.shape
    rows, columns = height // size, width // size
    cut = image[:, : rows * size, : columns * size]
    return np.asarray(reduce(cut.reshape(n, rows, size, columns, size, channels), axis=(2, 4)))


def _relu(values: Array) -> Array:
    return np.maximum(values, 0)
