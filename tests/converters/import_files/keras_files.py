"""Keras files as versions 1 and 2 wrote them, byte for byte by h5py."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

Layers = dict[str, dict[str, np.ndarray]]


def weights_file(layers: Layers, description: dict[str, Any] | None = None) -> bytes:
    """An HDF5 file of layers' arrays by name, with the description where it is a whole model."""
    import h5py  # noqa: PLC0415 - the light environment has none

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file
        if description is not None:
            file.attrs["model_config"] = json.dumps(description).encode()
            file.attrs["keras_version"] = b"2.0.6"
            group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            inside = group.create_group(name)
            inside.attrs["weight_names"] = [f"{name}/{part}".encode() for part in arrays]
            for part, values in arrays.items():
                inside[f"{name}/{part}"] = values.astype(np.float32)
    return buffer.getvalue()


def keras_1(random: np.random.Generator) -> tuple[dict[str, Any], Layers]:
    """A Sequential of Keras 1: its words, its names of weights."""
    description = {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Convolution2D", "config": {
                "name": "convolution2d_1", "batch_input_shape": [None, 8, 8, 3], "nb_filter": 4,
                "nb_row": 3, "nb_col": 3, "border_mode": "same", "subsample": [1, 1],
                "dim_ordering": "tf", "activation": "relu", "bias": True,
                "W_regularizer": {"name": "WeightRegularizer", "l2": 0.1}}},
            {"class_name": "MaxPooling2D", "config": {
                "name": "maxpooling2d_1", "pool_size": [2, 2], "strides": [2, 2],
                "border_mode": "valid", "dim_ordering": "tf"}},
            {"class_name": "Dropout", "config": {"name": "dropout_1", "p": 0.5}},
            {"class_name": "Flatten", "config": {"name": "flatten_1"}},
            {"class_name": "Dense", "config": {
                "name": "dense_1", "output_dim": 5, "activation": "softmax", "bias": True}},
        ],
    }  # fmt: skip
    layers = {
        "convolution2d_1": {"W": random.normal(size=(3, 3, 3, 4)), "b": random.normal(size=4)},
        "maxpooling2d_1": {},
        "dropout_1": {},
        "flatten_1": {},
        "dense_1": {"W": random.normal(size=(64, 5)), "b": random.normal(size=5)},
    }
    return description, layers


def layer(kind: str, name: str, inputs: list[Any], **config: Any) -> dict[str, Any]:
    """One layer's description in the words of Keras 2."""
    nodes = [[[one, place, 0, {}] for one, place in inputs]] if inputs else []
    inside = {"name": name, "trainable": True, **config}
    return {"class_name": kind, "name": name, "config": inside, "inbound_nodes": nodes}


def trunk() -> dict[str, Any]:
    """The model inside the model."""
    return {
        "name": "trunk",
        "layers": [
            layer("InputLayer", "in_1", [], batch_input_shape=[None, 8, 8, 3], dtype="float32"),
            layer("Conv2D", "conv/a", [("in_1", 0)], filters=4, kernel_size=[3, 3], strides=[2, 2],
                  padding="same", activation="linear", use_bias=False, trainable=False,
                  data_format="channels_last", kernel_initializer={
                      "class_name": "VarianceScaling", "config": {"scale": 1.0, "seed": None}}),
            layer("BatchNormalization", "norm", [("conv/a", 0)], axis=3, epsilon=0.001),
            layer("Activation", "act", [("norm", 0)], activation="relu"),
        ],
        "input_layers": [["in_1", 0, 0]],
        "output_layers": [["act", 0, 0]],
    }  # fmt: skip


def keras_2(random: np.random.Generator) -> tuple[dict[str, Any], Layers]:
    """A Model of Keras 2 whose first layer is a model of its own, half of it frozen."""
    inside = layer("Model", "trunk", [("in_2", 0)])
    inside["config"] = trunk()
    outer = {
        "name": "whole",
        "layers": [
            layer("InputLayer", "in_2", [], batch_input_shape=[None, 8, 8, 3]),
            inside,
            layer("GlobalAveragePooling2D", "pool", [("trunk", 1)]),
            layer("Dense", "gender", [("pool", 0)], units=2, activation="softmax", use_bias=True),
            layer("Dense", "age", [("pool", 0)], units=21, activation="softmax", use_bias=True),
        ],
        "input_layers": [["in_2", 0, 0]],
        "output_layers": [["gender", 0, 0], ["age", 0, 0]],
    }
    return {"class_name": "Model", "config": outer}, keras_2_weights(random)


def keras_2_weights(random: np.random.Generator) -> Layers:
    """What its file holds; a nested model's weights are those that learn, then those that don't."""
    return {
        "in_2": {},
        "trunk": {
            "norm/gamma:0": random.normal(size=4),
            "norm/beta:0": random.normal(size=4),
            "conv/a/kernel:0": random.normal(size=(3, 3, 3, 4)),
            "norm/moving_mean:0": random.normal(size=4),
            "norm/moving_variance:0": random.uniform(1, 2, size=4),
        },
        "pool": {},
        "gender": {"kernel:0": random.normal(size=(4, 2)), "bias:0": random.normal(size=2)},
        "age": {"kernel:0": random.normal(size=(4, 21)), "bias:0": random.normal(size=21)},
    }
