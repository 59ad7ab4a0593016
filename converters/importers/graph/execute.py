"""Running a graph: one table from the operations' names to what computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph import arrays, matrices, pointwise, spatial
from converters.importers.graph.layout import Picture, Value, plain
from converters.importers.graph.model import Branch, Graph, Node

OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    **pointwise.OPERATIONS,
    **spatial.OPERATIONS,
    **arrays.OPERATIONS,
    **matrices.OPERATIONS,
}


def function(
    graph: Graph, wanted: Iterable[str] = (), *, pictures: bool = False
) -> Callable[[Any], dict[str, Any]]:
    """The graph as a function: float32 N × H × W × C → the `wanted` values (all outputs) by name.

    pictures: whether values that are pictures stay N × H × W × C; else they are in the graph's
    own order. ConvertError for unknown operations.
    """
    names = tuple(wanted) or graph.outputs
    nodes = graph.needed(names)
    _known(graph, nodes)

    def run(image: Any) -> dict[str, Any]:
        values: dict[str, Value] = dict(graph.weights)
        values[graph.input] = image if graph.channels_last else Picture(image)
        for node in nodes:
            _step(graph, node, values)
        return {name: _result(values[name], pictures) for name in names}

    return run


def _known(graph: Graph, nodes: tuple[Node, ...]) -> None:
    unknown = sorted({node.kind for node in nodes} - set(OPERATIONS) - {"If"})
    if unknown:
        raise ConvertError(
            f"{graph.origin} holds operations that are not supported: {', '.join(unknown)}"
        )


def _step(graph: Graph, node: Node, values: dict[str, Value]) -> None:
    late = [name for name in node.inputs if name and name not in values]
    if late:
        raise ConvertError(f"{graph.origin} reads {late[0]!r} before anything in it makes it")
    given = [values[name] if name else None for name in node.inputs]
    if node.kind == "If":
        values.update(zip(node.outputs, _branch(graph, node, given[0], values), strict=False))
        return
    try:
        made = _made(node, given)
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


def _made(node: Node, given: list[Value]) -> Any:
    """What the operation makes; of constants alone a constant, so that shapes stay known."""
    import tensorflow as tf

    run = OPERATIONS[node.kind]
    if not given or not all(value is None or isinstance(value, np.ndarray) for value in given):
        return run(node, given)
    with tf.init_scope():
        made = run(node, given)
        return [np.asarray(one) for one in made] if isinstance(made, list) else np.asarray(made)


def _branch(graph: Graph, node: Node, condition: Value, values: dict[str, Value]) -> list[Value]:
    """The values of the branch that is taken, which has to be known before any picture is."""
    if not isinstance(condition, np.ndarray):
        raise ConvertError(
            f"{graph.origin} branches by what is in the picture, which is not supported"
        )
    taken = node.get("then_branch" if condition.all() else "else_branch")
    if not isinstance(taken, Branch):
        raise ConvertError(f"{graph.origin} lacks a branch of {node.outputs[0]!r}")
    _known(graph, taken.nodes)
    inside = {**values, **taken.weights}
    for one in taken.nodes:
        _step(graph, one, inside)
    return [inside[name] for name in taken.outputs]


def _result(value: Value, pictures: bool) -> Any:
    if isinstance(value, np.ndarray):
        raise ConvertError("an output does not depend on the picture")
    return value.tensor if pictures and isinstance(value, Picture) else plain(value)
