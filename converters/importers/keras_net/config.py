"""A model's description (JSON of Keras 1, 2 or 3) → layers in order, in Keras 3's words.

Only layers of one table are known; their numbers and words are taken, and everything that would
be built from the file (initializers, regularizers, functions) is left out. A Lambda layer holds
Python code and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from converters.errors import ConvertError
from converters.importers.keras_net.arguments import ARGUMENTS, OLD_HARD_SIGMOID, arguments

Config = dict[str, Any]
MODELS = ("Sequential", "Model", "Functional")
CODE = ("Lambda", "KerasTensor")
CALLS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
SHORTEST_REFERENCE = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """The output `tensor` of the call number `call` of a layer."""

    layer: str
    call: int = 0
    tensor: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: `calls` are the inputs of each of its uses, `inner` a model inside the model."""

    name: str
    kind: str
    arguments: Config
    calls: tuple[tuple[Reference, ...], ...]
    inner: Description | None = None
    trainable: bool = True
    """Decides no answer, but the order in which Keras 2 stored a nested model's weights."""


@dataclass(frozen=True, slots=True)
class Description:
    """A whole model. picture: height, width, channels of its input."""

    name: str
    picture: tuple[int | None, ...]
    steps: tuple[Step, ...]
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]


def described(config: Config, origin: str) -> Description:
    """The model's description; ConvertError naming what is unknown or forbidden."""
    try:
        return _model(_as_meant(config) if _is_old(config) else config, origin)
    except RecursionError as error:
        raise ConvertError(f"{origin} nests models too deeply") from error
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ConvertError(
            f"{origin} describes its layers in a way that cannot be read ({error!r}): it is "
            "damaged, or of an unknown version of Keras"
        ) from error


def _is_old(config: Config) -> bool:
    """Whether a version before 3 wrote it. Keras 3's to_json() says no version, but a module."""
    said = config.get("keras_version")
    return "module" not in config if said is None else not str(said).startswith("3")


def _as_meant(value: Any) -> Any:
    """The description with the names that have changed their meaning since told apart."""
    if isinstance(value, dict):
        return {key: _as_meant(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_meant(part) for part in value]
    return OLD_HARD_SIGMOID if value == "hard_sigmoid" else value


def _model(config: Config, origin: str) -> Description:
    kind = config["class_name"]
    if kind not in MODELS:
        raise ConvertError(
            f"{origin} holds a model of the class {kind}, whose code is not in the file: only "
            "Sequential and Functional models can be read"
        )
    inside = config["config"]
    layers = inside if isinstance(inside, list) else inside["layers"]
    name = "model" if isinstance(inside, list) else str(inside.get("name", "model"))
    if kind == "Sequential":
        return _sequential(name, layers, inside, origin)
    steps = tuple(step for layer in layers for step in _steps(layer, origin))
    inputs = tuple(_references(inside["input_layers"]))
    outputs = tuple(_references(inside["output_layers"]))
    return Description(name, _picture_of(steps, inputs, origin), steps, inputs, outputs)


def _sequential(name: str, layers: list[Config], inside: Any, origin: str) -> Description:
    steps: list[Step] = []
    shape = None if isinstance(inside, list) else inside.get("build_input_shape")
    first = layers[0]
    if first["class_name"] != "InputLayer":
        shape = _declared(first) or shape
        if shape is None:
            raise ConvertError(
                f"{origin} does not say the size of its input: give it as a whole model"
            )
        steps.append(Step("input", "InputLayer", {"shape": tuple(shape[1:])}, ()))
    for layer in layers:
        before = (Reference(steps[-1].name),) if steps else ()
        calls = (before,) if steps else ()
        steps.append(_step(layer, calls, origin))
    ends = (Reference(steps[0].name),), (Reference(steps[-1].name),)
    return Description(name, _picture_of(steps, ends[0], origin), tuple(steps), *ends)


def _declared(layer: Config) -> Any:
    """The input's shape that a first layer carries, with its batch."""
    inside = layer["config"]
    if layer["class_name"] in MODELS:
        inner = inside if isinstance(inside, list) else inside["layers"]
        return _declared(inner[0])
    shape = inside.get("batch_input_shape") or inside.get("batch_shape")
    if shape is None and "input_shape" in inside:
        return [None, *inside["input_shape"]]
    return shape


def _steps(layer: Config, origin: str) -> Iterator[Step]:
    calls = tuple(_calls(layer.get("inbound_nodes", [])))
    yield _step(layer, calls, origin)


def _step(layer: Config, calls: tuple[tuple[Reference, ...], ...], origin: str) -> Step:
    kind, inside = layer["class_name"], layer["config"]
    name = str(
        layer.get("name") or (inside.get("name") if isinstance(inside, dict) else "") or kind
    )
    trainable = not isinstance(inside, dict) or inside.get("trainable", True) is not False
    if kind in MODELS:
        return Step(name, kind, {}, calls, _model(layer, origin), trainable)
    if kind in CODE:
        raise ConvertError(
            f"{origin} holds Python code, in its {kind} layer {name!r}, and code from a file is "
            "never run: save the model without it (what it does to pixels belongs in the card)"
        )
    if kind in CALLS:
        raise ConvertError(
            f"{origin} calls TensorFlow by itself, in its {kind} layer {name!r}, which cannot be "
            "read from a Keras file: save the model as a SavedModel"
        )
    if kind == "InputLayer":
        return Step(name, kind, {"shape": tuple(_declared(layer)[1:])}, ())
    if kind not in ARGUMENTS:
        raise ConvertError(f"{origin} holds layers that are not supported: {kind} ({name!r})")
    found_kind, found = arguments(kind, inside, f"{origin}, layer {name!r}")
    return Step(name, found_kind, found, calls, None, trainable)


def _calls(nodes: list[Any]) -> Iterator[tuple[Reference, ...]]:
    """Each use's inputs, in the form of Keras 3 ({"args": …}) or before."""
    for node in nodes:
        if isinstance(node, dict):
            yield tuple(_tensors(node["args"]))
        else:
            yield tuple(_references(node))


def _tensors(value: Any) -> Iterator[Reference]:
    """Every tensor that is mentioned in a call's arguments, in order."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        name, call, tensor = value["config"]["keras_history"]
        yield Reference(str(name), int(call), int(tensor))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _references(value: Any) -> Iterator[Reference]:
    """[name, call, tensor, …], or a list of such, or a table of such."""
    if isinstance(value, dict):
        value = list(value.values())
    if len(value) >= SHORTEST_REFERENCE and isinstance(value[0], str):
        yield Reference(value[0], int(value[1]), int(value[2]))
        return
    for part in value:
        yield from _references(part)


def _picture_of(
    steps: tuple[Step, ...] | list[Step], inputs: tuple[Reference, ...], origin: str
) -> tuple[int | None, ...]:
    shapes = {step.name: step.arguments.get("shape", ()) for step in steps}
    shape = tuple(shapes[inputs[0].layer])
    if len(inputs) != 1:
        raise ConvertError(f"{origin} should have one input, the picture; it has {len(inputs)}")
    return shape
