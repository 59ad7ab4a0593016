"""A TensorFlow file → a network; TensorFlow itself says what the original answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.network import Floats, Network
from converters.importers.tensorflow_net import allowed, graph, normalization

CHECKPOINT = (".meta", ".index", ".ckpt")
Size = tuple[int, int]


def read(
    path: Path, input_tensor: str | Sequence[str], wanted: Sequence[str], size: Size
) -> Network:
    """A frozen graph (.pb), a checkpoint with its .meta, or a SavedModel's folder.

    input_tensor: where the picture enters, if not at the one placeholder for pictures. wanted:
    the outputs, where the graph's last nodes are not all of them. size: height and width, where
    the file leaves them open.
    """
    if path.name == "saved_model.pb":
        path = path.parent
    if path.is_dir():
        return _saved_model(path, size)
    if path.suffix.lower() in CHECKPOINT:
        nodes, reader = _checkpoint(path)
    else:
        nodes, reader = graph.parse(path.read_bytes(), path.name), None
    return of_nodes(
        nodes, path.name, input_tensor=input_tensor, wanted=wanted, size=size, reader=reader
    )


def of_nodes(  # noqa: PLR0913 - what a graph alone does not say
    nodes: graph.Nodes,
    origin: str,
    *,
    input_tensor: str | Sequence[str],
    wanted: Sequence[str],
    size: Size,
    reader: graph.Reader | None = None,
) -> Network:
    """The network of a graph's nodes; `reader` gives the values of variables. See `read`."""
    nodes = normalization.for_use(nodes)
    picture, shape = graph.picture_input(nodes, input_tensor, origin)
    outputs = list(wanted) or graph.sinks(nodes)
    shape = [shape[0] or size[0], shape[1] or size[1], shape[2]]
    missing = [name for name in outputs if graph.node_of(name) not in nodes]
    if missing:
        last = ", ".join(graph.sinks(nodes)[:6])
        raise ConvertError(f"{origin} has no output {missing[0]!r}; its last nodes are: {last}")
    order = graph.needed(nodes, outputs, picture, origin)
    made = graph.with_zeros(graph.ready(order, picture, shape, reader, origin))
    return _network(made, picture, outputs, shape, origin)


def _network(
    made: Any, picture: str, outputs: list[str], shape: list[int | None], origin: str
) -> Network:
    def function(wanted: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
        names = [f"{name}:0" if ":" not in name else name for name in wanted]

        def run(image: Any) -> dict[str, Any]:
            results = tf.graph_util.import_graph_def(
                made, input_map={f"{picture}:0": image}, return_elements=names, name=""
            )
            return dict(zip(wanted, results, strict=True))

        return run

    return Network(
        "TensorFlow",
        tuple(shape),
        _widths(function, outputs, shape, origin),
        function,
        f"TensorFlow {tf.__version__}",
        _reference(function),
    )


def _widths(
    function: Any, outputs: list[str], shape: list[int | None], origin: str
) -> dict[str, int]:
    specification = tf.TensorSpec((None, *shape), tf.float32)
    try:
        traced = tf.function(function(outputs), input_signature=[specification], autograph=False)
        found = traced.get_concrete_function().structured_outputs
    except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        said = (str(error).strip().splitlines() or ["?"])[0]
        raise ConvertError(f"{origin} does not fit together: {said[:200]}") from error
    return {name: _width(found[name]) for name in outputs}


def _width(tensor: Any) -> int:
    sizes = tensor.shape[1:] if tensor.shape.rank else []
    return -1 if None in sizes else int(np.prod(sizes))


def _reference(function: Any) -> Any:
    def run(images: Floats, wanted: Sequence[str]) -> dict[str, Floats]:
        whole = tf.function(function(wanted), autograph=False)
        rows: dict[str, list[Floats]] = {name: [] for name in wanted}
        for one in images:
            for name, values in whole(tf.constant(one[None])).items():
                rows[name].append(np.asarray(values, np.float32).reshape(1, -1))
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    return run


def _checkpoint(path: Path) -> tuple[graph.Nodes, graph.Reader]:
    """The graph beside a checkpoint, and what reads its variables. No session is started."""
    prefix = path.with_suffix("")
    meta = prefix.with_suffix(prefix.suffix + ".meta")
    described = tf.compat.v1.MetaGraphDef()
    try:
        described.ParseFromString(meta.read_bytes())
        variables = tf.train.load_checkpoint(str(prefix))
    except OSError as error:
        raise ConvertError(
            f"cannot read {meta}, the checkpoint's graph: {error.strerror}"
        ) from error
    except Exception as error:  # protobuf's and TensorFlow's own types
        raise ConvertError(
            f"{prefix.name} is no checkpoint of TensorFlow, or is damaged: it should be "
            ".meta, .index and .data-… files of one name"
        ) from error

    def reader(name: str) -> Any:
        try:
            values = variables.get_tensor(name)
        except Exception as error:
            raise ConvertError(
                f"{prefix.name} lacks the weights {name!r}, or is damaged"
            ) from error
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ConvertError(f"{prefix.name} holds weights that are not numbers, in {name}")
        return values

    return {node.name: node for node in described.graph_def.node}, reader


def _saved_model(folder: Path, size: Size) -> Network:
    from tensorflow.core.protobuf import saved_model_pb2

    described = saved_model_pb2.SavedModel()
    try:
        described.ParseFromString((folder / "saved_model.pb").read_bytes())
    except OSError as error:
        raise ConvertError(f"{folder} is no SavedModel: it has no saved_model.pb") from error
    except Exception as error:  # protobuf's own type
        raise ConvertError(f"{folder}/saved_model.pb is damaged") from error
    safe = allowed.COMPUTE | allowed.VARIABLES | allowed.SAVED_MODEL
    for meta in described.meta_graphs:
        allowed.refuse_others(meta.graph_def.node, safe, folder.name)
        for function in meta.graph_def.library.function:
            allowed.refuse_others(function.node_def, safe, folder.name)
    try:
        loaded = tf.saved_model.load(str(folder))
        signature = loaded.signatures["serving_default"]
    except KeyError as error:
        raise ConvertError(f"{folder.name} has no signature serving_default") from error
    except Exception as error:  # whatever TensorFlow says of damaged variables
        said = (str(error).strip().splitlines() or ["?"])[0]
        raise ConvertError(f"{folder.name} cannot be loaded: {said[:160]}") from error
    return _of_signature(loaded, signature, size, folder.name)


def _of_signature(loaded: Any, signature: Any, size: Size, origin: str) -> Network:
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise ConvertError(
            f"{origin} should have one input, the picture; it has {', '.join(inputs)}"
        )
    ((name, specification),) = inputs.items()
    sizes = list(specification.shape[1:]) if specification.shape.rank == 4 else []
    if len(sizes) != 3:
        raise ConvertError(
            f"{origin} does not take pictures: its input {name!r} is no 4-axis tensor"
        )

    def function(wanted: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
        def run(image: Any) -> dict[str, Any]:
            results = signature(**{name: tf.cast(image, specification.dtype)})
            return {one: results[one] for one in wanted}

        run.owner = loaded  # type: ignore[attr-defined] - variables live as long as it does
        return run

    shape = [sizes[0] or size[0], sizes[1] or size[1], sizes[2] or 3]
    outputs = list(signature.structured_outputs)
    return Network(
        "TensorFlow",
        tuple(sizes),
        _widths(function, outputs, shape, origin),
        function,
        f"TensorFlow {tf.__version__}",
        _reference(function),
    )
