"""TensorFlow.js's files: model.json and binary weights, of layers and of graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

SHARD_BYTES = 3000
"""Weights lie in several files, which cut arrays in two."""


def written(folder: Path, topology: dict[str, Any], weights: Mapping[str, np.ndarray],
            stored: str = "") -> Path:  # fmt: skip
    """model.json and its shards; `stored`: uint8, uint16 or float16, as its converter quantizes."""
    content, entries = b"", []
    for name, values in weights.items():
        entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": "float32"}
        if values.dtype.kind in "iu":
            entry["dtype"] = "int32"
            raw = values.astype(np.int32)
        elif stored == "float16":
            entry["quantization"], raw = {"dtype": "float16"}, values.astype(np.float16)
        elif stored:
            low, most = float(values.min()), np.iinfo(stored).max
            scale = (float(values.max()) - low) / most or 1.0
            entry["quantization"] = {"dtype": stored, "min": low, "scale": scale}
            raw = np.rint((values - low) / scale).astype(stored)
        else:
            raw = values.astype(np.float32)
        content += raw.tobytes()
        entries.append(entry)
    paths = []
    for start in range(0, len(content), SHARD_BYTES):
        paths.append(f"group1-shard{len(paths) + 1}.bin")
        (folder / paths[-1]).write_bytes(content[start : start + SHARD_BYTES])
    model = {"modelTopology": topology, "weightsManifest": [{"paths": paths, "weights": entries}]}
    path = folder / "model.json"
    path.write_text(json.dumps(model))
    return path


def layers(model) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The topology and the weights of a Keras model, as tensorflowjs saves layers."""
    config = json.loads(model.to_json())
    topology = {"keras_version": "3.0.0", "backend": "tensorflow", "model_config": config}
    return topology, {variable.path: variable.numpy() for variable in model.weights}


def graph() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A graph with joined operations, as tensorflowjs's converter leaves them."""
    random = np.random.default_rng(4)
    weights = {
        "c1": random.normal(size=(3, 3, 3, 8)) * 0.2, "b1": random.normal(size=8),
        "d1": random.normal(size=(3, 3, 8, 1)) * 0.3, "b2": random.normal(size=8),
        "slope": random.uniform(0.1, 0.4, size=8), "c3": random.normal(size=(1, 1, 8, 8)) * 0.3,
        "k": random.normal(size=(8, 2)), "kb": random.normal(size=2),
    }  # fmt: skip
    weights = {name: values.astype(np.float32) for name, values in weights.items()}
    weights["axes"] = np.array([1, 2], np.int32)
    place = {"T": {"type": "DT_FLOAT"}, "padding": {"s": _text("SAME")},
             "data_format": {"s": _text("NHWC")}, "dilations": _list(1, 1, 1, 1)}  # fmt: skip
    nodes = [
        {"name": "x", "op": "Placeholder", "attr": {
            "dtype": {"type": "DT_FLOAT"},
            "shape": {"shape": {"dim": [{"size": s} for s in ("-1", "32", "32", "3")]}}}},
        *({"name": n, "op": "Const", "attr": {"dtype": {"type": _kind(v)}}}
          for n, v in weights.items()),
        {"name": "one", "op": "_FusedConv2D", "input": ["x", "c1", "b1"],
         "attr": {**place, "strides": _list(1, 2, 2, 1), "fused_ops": _texts("BiasAdd", "Relu6"),
                  "num_args": {"i": "1"}}},
        {"name": "two", "op": "FusedDepthwiseConv2dNative", "input": ["one", "d1", "b2"],
         "attr": {**place, "strides": _list(1, 1, 1, 1), "fused_ops": _texts("BiasAdd", "Elu")}},
        {"name": "three", "op": "Prelu", "input": ["two", "slope"], "attr": {}},
        {"name": "four", "op": "_FusedConv2D", "input": ["three", "c3", "b2", "slope"],
         "attr": {**place, "strides": _list(1, 1, 1, 1), "fused_ops": _texts("BiasAdd", "Prelu"),
                  "num_args": {"i": "2"}}},
        {"name": "mean", "op": "Mean", "input": ["four", "axes"],
         "attr": {"T": {"type": "DT_FLOAT"}, "Tidx": {"type": "DT_INT32"},
                  "keep_dims": {"b": False}}},
        {"name": "dense", "op": "_FusedMatMul", "input": ["mean", "k", "kb"],
         "attr": {"T": {"type": "DT_FLOAT"}, "transpose_a": {"b": False},
                  "transpose_b": {"b": False}, "fused_ops": _texts("BiasAdd"),
                  "num_args": {"i": "1"}}},
        {"name": "gender", "op": "Softmax", "input": ["dense"],
         "attr": {"T": {"type": "DT_FLOAT"}}},
    ]  # fmt: skip
    return {"node": nodes, "library": {}, "versions": {"producer": 27}}, weights


def _kind(values: np.ndarray) -> str:
    return "DT_INT32" if values.dtype.kind == "i" else "DT_FLOAT"


def _text(text: str) -> str:
    import base64  # noqa: PLC0415 - beside its one use

    return base64.b64encode(text.encode()).decode()


def _texts(*texts: str) -> dict[str, Any]:
    return {"list": {"s": [_text(text) for text in texts]}}


def _list(*numbers: int) -> dict[str, Any]:
    return {"list": {"i": [str(number) for number in numbers]}}
