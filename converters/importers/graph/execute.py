"""Running a graph: one table from the operations' names to what computes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph import arrays, pointwise, spatial
from converters.importers.graph.layout import Picture, Value, plain
from converters.importers.graph.model import Graph, Node

OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    **pointwise.OPERATIONS,
    **spatial.OPERATIONS,
    **arrays.OPERATIONS,
}


def function(
    graph: Graph, nodes: tuple[Node, ...], wanted: tuple[str, ...]
) -> Callable[[Any], dict[str, Any]]:
    """float32 N × H × W × C → the wanted values by name; ConvertError for unknown operations."""
    unknown = sorted({node.kind for node in nodes} - set(OPERATIONS))
    if unknown:
        raise ConvertError(
            f"{graph.origin} holds operations that are not supported: {', '.join(unknown)}"
        )

    def run(image: Any) -> dict[str, Any]:
        values: dict[str, Value] = dict(graph.weights)
        values[graph.input] = image if graph.channels_last else Picture(image)
        for node in nodes:
            _step(graph, node, values)
        return {name: _result(values[name]) for name in wanted}

    return run


def _step(graph: Graph, node: Node, values: dict[str, Value]) -> None:
    given = [values[name] if name else None for name in node.inputs]
    try:
        made = OPERATIONS[node.kind](node, given)
    except ConvertError as error:
        raise ConvertError(f"{graph.origin}, {node.kind} {node.outputs[0]!r}: {error}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        # What TensorFlow and NumPy say of shapes that don't fit, in their first line.
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConvertError(
            f"{graph.origin} does not fit together at {node.kind} {node.outputs[0]!r}: {said}"
        ) from error
    several = made if isinstance(made, list) else [made]
    values.update(zip(node.outputs, several, strict=False))


def _result(value: Value) -> Any:
    if isinstance(value, np.ndarray):
        raise ConvertError("an output does not depend on the picture")
    return plain(value)
