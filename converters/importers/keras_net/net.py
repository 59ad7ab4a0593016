"""A Keras file → a network; Keras's own layers say what the original answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.importers.keras_net import architectures, files
from converters.importers.keras_net.build import build
from converters.importers.keras_net.config import described
from converters.importers.network import Floats, Network

LAYER_AND_WEIGHT = 2
"""The parts of a name that have to be the same."""


def read(content: bytes, structure: bytes, architecture: str, origin: str) -> Network:
    """The network of a .h5, .hdf5 or .keras file.

    Where it holds weights alone its layers come from `structure` (model.to_json()) or are those
    of a known `architecture`.
    """
    model = _model(content, structure, architecture, origin)
    with files.scratch() as folder:
        from pathlib import Path

        _load(model, files.weights_of(content, Path(folder), origin), origin)
    return _network(model, origin)


def of_arrays(config: dict[str, Any], arrays: Mapping[str, NDArray[Any]], origin: str) -> Network:
    """The network of a description and its weights by name, as TensorFlow.js keeps them."""
    keras.utils.clear_session()
    model = build(described(config, origin), origin)
    for variable in model.weights:
        values = _named(arrays, variable.path)
        if values is None or tuple(values.shape) != tuple(variable.shape):
            has = "none" if values is None else str(tuple(values.shape))
            raise ConvertError(
                f"{origin}: the weights {variable.path!r} of shape {tuple(variable.shape)} are not "
                f"among the file's: {has}"
            )
        variable.assign(values)
    return _network(model, origin)


def _named(arrays: Mapping[str, NDArray[Any]], path: str) -> NDArray[Any] | None:
    """The array whose name ends most like the weight's path; None for none, or for several.

    Layer and weight have to be the same; models and scopes round them may be called differently,
    but tell weights of one name in two models apart.
    """
    alike: dict[int, list[str]] = {}
    for name in arrays:
        alike.setdefault(_common_end(_parts(name), _parts(path)), []).append(name)
    most = max(alike, default=0)
    least = min(len(_parts(path)), LAYER_AND_WEIGHT)
    return arrays[alike[most][0]] if most >= least and len(alike[most]) == 1 else None


def _parts(name: str) -> list[str]:
    return name.split(":", maxsplit=1)[0].split("/")


def _common_end(one: list[str], other: list[str]) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _network(model: keras.Model, origin: str) -> Network:
    for variable in model.weights:
        if not np.isfinite(variable.numpy()).all():
            raise ConvertError(
                f"{origin} holds weights that are not numbers (NaN or infinity), in {variable.path}"
            )
    names = _names(model)
    widths = {
        name: int(np.prod([size or 0 for size in tensor.shape[1:]]))
        for name, tensor in zip(names, model.outputs, strict=True)
    }
    return Network(
        "Keras",
        tuple(model.inputs[0].shape[1:]),
        widths,
        lambda wanted: _function(model, names, wanted),
        f"Keras {keras.__version__}",
        _reference(model, names),
    )


def _model(content: bytes, structure: bytes, architecture: str, origin: str) -> keras.Model:
    keras.utils.clear_session()
    config = (
        files.structure(structure, origin) if structure else files.description_of(content, origin)
    )
    if config is not None:
        return build(described(config, origin), origin)
    if architecture:
        return architectures.build(architecture)
    raise ConvertError(
        f"{origin} holds weights alone: give the description of its layers (model.to_json()) with "
        "--structure, or save the whole model"
    )


def _load(model: keras.Model, path: Any, origin: str) -> None:
    """Put the file's arrays into the model; every one must fit, and none be left over."""
    try:
        model.load_weights(path)
    except (
        ValueError,
        KeyError,
        OSError,
        TypeError,
        RuntimeError,
        AttributeError,
        IndexError,
    ) as error:
        said = " ".join(str(error).split())[:200] or repr(error)
        raise ConvertError(f"{origin}: the weights do not fit its layers: {said}") from error


def _names(model: keras.Model) -> list[str]:
    """The outputs' names: the layers that make them, numbered where one makes several."""
    layers = [tensor._keras_history.operation.name for tensor in model.outputs]
    return [
        name if layers.count(name) == 1 else f"{name}:{layers[:at].count(name)}"
        for at, name in enumerate(layers)
    ]


def _function(
    model: keras.Model, names: Sequence[str], wanted: Sequence[str]
) -> Callable[[Any], dict[str, Any]]:
    chosen = keras.Model(model.inputs[0], [model.outputs[names.index(name)] for name in wanted])

    def run(image: Any) -> dict[str, Any]:
        results = chosen(image, training=False)
        several = results if isinstance(results, list | tuple) else [results]
        return {name: tf.convert_to_tensor(r) for name, r in zip(wanted, several, strict=True)}

    return run


def _reference(model: keras.Model, names: Sequence[str]) -> Any:
    def run(images: Floats, wanted: Sequence[str]) -> dict[str, Floats]:
        results = model.predict(images, batch_size=8, verbose=0)
        several = results if isinstance(results, list | tuple) else [results]
        found = dict(zip(names, several, strict=True))
        return {
            name: np.asarray(found[name], np.float32).reshape(len(images), -1) for name in wanted
        }

    return run
