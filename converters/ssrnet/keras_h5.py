"""The official Keras 2 weight files (HDF5) → SsrNet; BatchNorm is folded here."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.ssrnet.weights import KERAS_LAYERS, STAGES, Array, Layer, SsrNet, fold

EPSILON = 1e-3
"""What Keras 2 added to the variance by default."""
_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def load(content: bytes, value_range: float) -> SsrNet:
    """A weight file's content → the network."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            group = file.get("model_weights", file)
            return SsrNet(_layers(group), value_range)
    except (OSError, KeyError, RuntimeError) as error:
        raise ConvertError(
            "this is no SSR-Net weight file of Keras: it is truncated, or holds another network"
        ) from error


def _layers(group: Any) -> dict[str, Layer]:
    age = "pred_age_stage1" in group
    names = dict(KERAS_LAYERS)
    for stage in STAGES:
        names[f"{stage}/pred"] = f"pred_age_stage{stage}" if age else f"pred_stage{stage}"
    return {ours: _layer(group, ours, name) for ours, name in names.items()}


def _layer(group: Any, ours: str, name: str) -> Layer:
    read = _reader(group, name)
    kernel, bias = read("kernel"), read("bias")
    if "/" in ours:
        return Layer(kernel, bias)
    norm = _reader(group, name.replace("conv2d", "batch_normalization"))
    gamma, beta, mean, variance = (norm(part) for part in _NORM)
    return fold(kernel, bias, (gamma, beta, mean, variance), EPSILON)


def _reader(group: Any, layer: str) -> Callable[[str], Array]:
    def read(part: str) -> Array:
        return np.asarray(group[f"{layer}/{layer}/{part}:0"], np.float32)

    return read
