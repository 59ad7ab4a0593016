"""An ONNX file → a graph; ONNX Runtime says what the original answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph import quantized
from converters.importers.graph.fold import fold_batch_norm
from converters.importers.graph.model import Branch, Graph, Node, Weights
from converters.importers.graph.onnx_form import options
from converters.importers.network import Floats, Network

GRAPH = 5
"""AttributeProto.GRAPH"""
EXTERNAL = 1
"""TensorProto.EXTERNAL"""


def read(
    content: bytes, origin: str, size: tuple[int, int] | None = None, path: Path | None = None
) -> Network:
    """The network in an ONNX file; `size` (height, width) where the file leaves it open.

    path: where it lies, for weights that lie beside it.
    """
    model = _parsed(content, origin)
    beside = _beside(model, origin, path)
    graph = load_graph(content, origin, path)
    from converters.importers.graph import execute, widths

    return Network(
        "ONNX",
        graph.picture,
        widths.of(graph, size),
        partial(execute.function, graph),
        *_reference(str(path) if beside else content, graph),
        quantized=quantized.is_quantized(model.graph),
    )


def load_graph(content: bytes, origin: str, path: Path | None = None) -> Graph:
    """An ONNX file's bytes as a graph; `path`: see `read`."""
    from onnx import numpy_helper

    model = _parsed(content, origin)
    folder = "" if path is None else str(path.parent)
    _check(content if not _beside(model, origin, path) else str(path), model, origin)
    inner = model.graph
    quantized.refuse_other_forms(inner, origin)
    _no_foreign(inner, origin)
    opset = max((entry.version for entry in model.opset_import if not entry.domain), default=18)
    try:
        weights = {
            item.name: _numbers(numpy_helper.to_array(item, folder)) for item in inner.initializer
        }
    except ValueError as error:
        raise ConvertError(
            f"{origin} is not a readable ONNX network: its weights end early"
        ) from error
    outputs = tuple(item.name for item in inner.output)
    nodes = _nodes(inner, opset, weights, origin)
    nodes = quantized.unquantized(nodes, weights, outputs, origin)
    name, shape = _input(inner, weights, origin)
    return Graph(
        origin,
        name,
        shape,
        outputs,
        tuple(fold_batch_norm(nodes, weights, outputs)),
        weights,
        channels_last=shape[-1] in (1, 3) and shape[1] not in (1, 3),
        opset=opset,
    )


def _parsed(content: bytes, origin: str) -> Any:
    import onnx

    try:
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf raises types of its own
        raise ConvertError(f"{origin} is not a readable ONNX network: it is damaged") from error


def _check(what: bytes | str, model: Any, origin: str) -> None:
    """What ONNX's own checker says of the file: its path, where weights lie beside it."""
    import onnx

    large = isinstance(what, bytes) and len(what) >= 2**31
    try:
        onnx.checker.check_model(model if large else what)
    except Exception as error:  # the checker raises types of its own
        raise ConvertError(f"{origin} is not a readable ONNX network: it is damaged") from error


def _beside(model: Any, origin: str, path: Path | None) -> list[str]:
    """The files that hold weights beside this one; ConvertError where they aren't there."""
    names = set()
    for item in model.graph.initializer:
        if item.data_location == EXTERNAL:
            names |= {entry.value for entry in item.external_data if entry.key == "location"}
    for name in sorted(names):
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            raise ConvertError(f"{origin} keeps weights outside of its folder, in {name}: refused")
        if path is None or not (path.parent / name).is_file():
            raise ConvertError(
                f"{origin} keeps its weights in {name}, which must lie beside it: copy both files, "
                "or save the network as one: torch.onnx.export(…, external_data=False)"
            )
    return sorted(names)


def _no_foreign(inner: Any, origin: str) -> None:
    foreign = sorted(
        {f"{n.domain}.{n.op_type}" for n in inner.node if n.domain not in ("", "ai.onnx")}
    )
    if foreign:
        raise ConvertError(
            f"{origin} holds operations that are not supported: {', '.join(foreign)}"
        )


def _numbers(values: Any) -> Any:
    """Everything that is computed with is float32; whole numbers and truths stay."""
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def _input(inner: Any, weights: Weights, origin: str) -> tuple[str, tuple[int | None, ...]]:
    inputs = [item for item in inner.input if item.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(item.name for item in inputs) or "none"
        raise ConvertError(f"{origin} should have one input, the picture; it has: {names}")
    sizes = inputs[0].type.tensor_type.shape.dim
    if len(sizes) != 4:
        raise ConvertError(
            f"{origin} does not take pictures: its input has {len(sizes)} axes, not 4"
        )
    return inputs[0].name, tuple(size.dim_value or None for size in sizes)


def _nodes(inner: Any, opset: int, weights: Weights, origin: str) -> list[Node]:
    """The graph's operations; what its Constants hold goes to `weights`."""
    nodes = [_node(node, opset, weights, origin) for node in inner.node]
    return [node for node in nodes if node.kind != "Constant"]


def _node(node: Any, opset: int, weights: Weights, origin: str) -> Node:
    from onnx import numpy_helper

    attributes = {}
    for item in node.attribute:
        value = _attribute(item, opset, origin)
        attributes[item.name] = _numbers(numpy_helper.to_array(value)) if item.type == 4 else value
    if node.op_type == "Constant" and "value" in attributes:
        weights[node.output[0]] = attributes["value"]
    elif node.op_type == "Constant":
        weights[node.output[0]] = np.array(next(iter(attributes.values())))
    if node.op_type in ("Softmax", "LogSoftmax") and opset < 13:
        attributes = {"axis": 1, **attributes, "coerced": True}
    return Node(node.op_type, tuple(node.input), tuple(node.output), attributes)


def _attribute(item: Any, opset: int, origin: str) -> Any:
    import onnx
    from onnx import numpy_helper

    if item.type == GRAPH:
        _no_foreign(item.g, origin)
        weights = {one.name: _numbers(numpy_helper.to_array(one)) for one in item.g.initializer}
        nodes = _nodes(item.g, opset, weights, origin)
        return Branch(tuple(nodes), tuple(output.name for output in item.g.output), weights)
    return onnx.helper.get_attribute_value(item)


INPUTS = {"tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}


def _reference(content: bytes | str, graph: Graph) -> tuple[str, Any]:
    try:
        import onnxruntime
    except ImportError:
        return "ONNX Runtime (not installed)", None

    def run(images: Floats, wanted: Sequence[str]) -> dict[str, Floats]:
        session = onnxruntime.InferenceSession(content, options(), ["CPUExecutionProvider"])
        dtype = INPUTS.get(session.get_inputs()[0].type, np.float32)
        pixels = images if graph.channels_last else images.transpose(0, 3, 1, 2)
        rows: dict[str, list[Floats]] = {name: [] for name in wanted}
        for one in pixels:
            answers = session.run(list(wanted), {graph.input: one[None].astype(dtype)})
            for name, values in zip(wanted, answers, strict=True):
                rows[name].append(np.asarray(values, np.float32).reshape(1, -1))
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    return f"ONNX Runtime {onnxruntime.__version__}", run
