"""TensorFlow.js graph form (model.json and one .bin), BatchNorm folded by its exporter → SsrNet."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.ssrnet.weights import KERAS_LAYERS, STAGES, Array, Layer, SsrNet

_NUMBERED = re.compile(r"^(conv2d|dense)(?:_(\d+))?$")


def load(model_json: bytes, weights: bytes, value_range: float) -> SsrNet:
    """The two files' contents → the network."""
    try:
        model = json.loads(model_json)
        nodes = model["modelTopology"]["node"]
        manifest = model["weightsManifest"][0]["weights"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConvertError("this is no TensorFlow.js graph model: its JSON is damaged") from error
    tensors = _tensors(manifest, weights)
    found = _numbered_from_one(
        {
            _layer_name(node): Layer(tensors[node["input"][1]], tensors[node["input"][2]])
            for node in nodes
            if node["op"] in ("_FusedConv2D", "_FusedMatMul")
        }
    )
    names = dict(KERAS_LAYERS)
    for stage in STAGES:
        age = f"pred_age_stage{stage}"
        names[f"{stage}/pred"] = age if age in found else f"pred_stage{stage}"
    return SsrNet({ours: found[k] for ours, k in names.items() if k in found}, value_range)


def _tensors(manifest: list[dict[str, Any]], content: bytes) -> dict[str, Array]:
    """Name → array, cut from the .bin in the manifest's order."""
    tensors: dict[str, Array] = {}
    start = 0
    for entry in manifest:
        if entry["dtype"] not in ("float32", "int32") or "quantization" in entry:
            raise ConvertError(f"weights of type {entry['dtype']} are not supported")
        count = int(np.prod(entry["shape"]))
        raw = content[start : start + 4 * count]
        if len(raw) != 4 * count:
            raise ConvertError(f"the weights end early, in {entry['name']}: the file is truncated")
        tensors[entry["name"]] = np.frombuffer(raw, entry["dtype"]).reshape(entry["shape"])
        start += 4 * count
    return tensors


def _layer_name(node: dict[str, Any]) -> str:
    """The Keras layer behind a fused node.

    A trunk's convolution is named after its BatchNorm or activation; its kernel after itself.
    """
    kernel = str(node["input"][1]).split("/")
    name = kernel if kernel[-1] == "Conv2D_weights" else str(node["name"]).split("/")
    return name[-2]


def _numbered_from_one(layers: dict[str, Layer]) -> dict[str, Layer]:
    """Keras counts layers over a session: 'conv2d', 'conv2d_1' or 'conv2d_42' may be the first."""
    numbers: dict[str, list[int]] = {}
    parsed = {name: _NUMBERED.match(name) for name in layers}
    for match in parsed.values():
        if match:
            numbers.setdefault(match[1], []).append(int(match[2] or 0))
    renamed = {}
    for name, layer in layers.items():
        match = parsed[name]
        shift = 1 - min(numbers[match[1]]) if match else 0
        renamed[f"{match[1]}_{int(match[2] or 0) + shift}" if match else name] = layer
    return renamed
