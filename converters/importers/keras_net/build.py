"""A checked description → a model of Keras's own layers, without weights."""

from __future__ import annotations

from typing import Any

import keras

from converters.errors import ConvertError
from converters.importers.keras_net.arguments import OLD_HARD_SIGMOID
from converters.importers.keras_net.config import Description, Reference, Step

LARGEST_WEIGHTS = 1_500_000_000
"""Numbers in one model (6 GB in float32): a damaged file may ask for any amount."""


def build(description: Description, origin: str) -> keras.Model:
    """The model; ConvertError, with the layer's name, where the layers do not fit together."""
    made: dict[Reference, Any] = {}
    pending = list(description.steps)
    first = _first_calls(description)
    while pending:
        left = [step for step in pending if not _run(step, first, made, origin)]
        if len(left) == len(pending):
            raise ConvertError(f"{origin}: nothing feeds the layer {left[0].name!r}")
        pending = left
    try:
        inputs = [made[reference] for reference in description.inputs]
        outputs = [made[reference] for reference in description.outputs]
        model = keras.Model(
            inputs[0] if len(inputs) == 1 else inputs, outputs, name=description.name
        )
    except KeyError as error:
        raise ConvertError(f"{origin} has no layer for its output {error}") from error
    if model.count_params() > LARGEST_WEIGHTS:
        raise ConvertError(f"{origin} describes {model.count_params():,} weights: too many")
    return model


def _row(description: Description, origin: str) -> keras.Model:
    """A Sequential of its own class: Keras 3's archives find its weights by that."""
    layers = [
        keras.Input(step.arguments["shape"]) if step.kind == "InputLayer" else _layer(step, origin)
        for step in description.steps
    ]
    try:
        return keras.Sequential(layers, name=description.name)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ConvertError(f"{origin}, model {description.name!r}: {said}") from error


def _old_hard_sigmoid(x: Any) -> Any:
    """Keras 2's; Keras 3 gave the name to another line (x / 6 + 0.5)."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _first_calls(description: Description) -> dict[str, int]:
    """Model inside the model → the number of its first call: 1 where its own making was 0."""
    inside = {step.name for step in description.steps if step.inner is not None}
    said = [r for step in description.steps for call in step.calls for r in call]
    said += description.outputs
    return {
        name: min((reference.call for reference in said if reference.layer == name), default=0)
        for name in inside
    }


def _run(step: Step, first: dict[str, int], made: dict[Reference, Any], origin: str) -> bool:
    """Apply the layer to each of its inputs, once all are there; whether they were."""
    if any(reference not in made for call in step.calls for reference in call):
        return False
    try:
        if step.kind == "InputLayer":
            shape = step.arguments["shape"]
            made[Reference(step.name)] = keras.Input(shape, name=_name(step.name))
            return True
        layer = _layer(step, origin)
        for number, call in enumerate(step.calls, first.get(step.name, 0)):
            inputs = [made[reference] for reference in call]
            results = layer(inputs[0] if len(inputs) == 1 else inputs)
            several = results if isinstance(results, list | tuple) else [results]
            for place, result in enumerate(several):
                made[Reference(step.name, number, place)] = result
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ConvertError(f"{origin}, layer {step.name!r}: {said}") from error
    return True


def _layer(step: Step, origin: str) -> Any:
    if step.inner is not None:
        make = _row if step.kind == "Sequential" else build
        layer = make(step.inner, origin)
    else:
        said = dict(step.arguments)
        if said.get("activation") == OLD_HARD_SIGMOID:
            said["activation"] = _old_hard_sigmoid
        layer = getattr(keras.layers, step.kind)(name=_name(step.name), **said)
    layer.trainable = step.trainable
    return layer


def _name(name: str) -> str:
    """Keras 3 forbids slashes, which Keras 2 allowed."""
    return name.replace("/", "_")
