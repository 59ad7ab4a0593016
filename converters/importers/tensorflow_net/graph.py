"""A graph of TensorFlow 1 made ready for use: needed nodes alone, frozen, as in inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.tensorflow_net import allowed, normalization

BOOL, FLOAT = 10, 1
DEAD = ""
Nodes = dict[str, Any]
Reader = Callable[[str], Any]


def node_of(tensor: str) -> str:
    """'^scope/node:1' → 'scope/node'."""
    return tensor.lstrip("^").split(":")[0]


def parse(content: bytes, origin: str) -> Nodes:
    """A frozen graph's bytes → its nodes by name."""
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except Exception as error:  # protobuf raises types of its own
        raise ConvertError(f"{origin} is no graph of TensorFlow (.pb), or is truncated") from error
    if not graph.node:
        raise ConvertError(f"{origin} is no graph of TensorFlow (.pb): it holds no operations")
    return {node.name: node for node in graph.node}


def needed(nodes: Nodes, outputs: Sequence[str], stop: str, origin: str) -> Nodes:
    """The nodes that the outputs are computed by, in order; `stop` is the picture's."""
    order: Nodes = {}
    stack = [(node_of(name), False) for name in outputs]
    while stack:
        name, ready = stack.pop()
        if name in order:
            continue
        if name not in nodes:
            raise ConvertError(f"{origin} reads {name!r}, which is not in it")
        if ready or name == stop:
            order[name] = nodes[name]
            continue
        stack.append((name, True))
        said = [node_of(i) for i in nodes[name].input if not i.startswith("^")]
        stack += [(other, False) for other in said if other not in order]
    return order


def picture_input(
    nodes: Nodes, named: str | Sequence[str], origin: str
) -> tuple[str, list[int | None]]:
    """The node that the picture enters at, and height, width, channels as far as it says.

    named: its tensor; of several names the first that is there.
    """
    if isinstance(named, str):
        if named and node_of(named) not in nodes:
            raise ConvertError(f"{origin} has no tensor {named!r} for the picture")
        named = [named] if named else []
    for name in named:
        if node_of(name) in nodes:
            return node_of(name), [None, None, 3]
    found = [n for n in nodes.values() if n.op == "Placeholder" and n.attr["dtype"].type == FLOAT]
    found = [n for n in found if len(n.attr["shape"].shape.dim) in (0, 4)]
    sized = [n for n in found if len(n.attr["shape"].shape.dim) == 4] or found
    if len(sized) != 1:
        names = (
            ", ".join(n.name for n in nodes.values() if n.op.startswith("Placeholder")) or "none"
        )
        raise ConvertError(
            f"{origin} does not show where the picture enters; its placeholders are: {names}; "
            "name the tensor in the template (`input_tensor`)"
        )
    sizes = [size.size if size.size > 0 else None for size in sized[0].attr["shape"].shape.dim]
    return sized[0].name, sizes[1:] if sizes else [None, None, 3]


def sinks(nodes: Nodes) -> list[str]:
    """Nodes that nothing reads: a frozen graph's outputs."""
    read = {node_of(name) for node in nodes.values() for name in node.input}
    return [name for name, node in nodes.items() if name not in read and node.op != "NoOp"]


def ready(
    nodes: Nodes, picture: str, shape: list[int | None], reader: Reader | None, origin: str
) -> Any:
    """The nodes (in order) as a graph for inference: variables, switches and dropout are gone."""
    allowed.refuse_others(
        (node for name, node in nodes.items() if name != picture),
        allowed.COMPUTE | allowed.BRANCHES | (allowed.VARIABLES if reader else frozenset()),
        origin,
    )
    graph = tf.compat.v1.GraphDef()
    alias: dict[str, str] = {}
    known: dict[str, bool] = {}
    for name, node in nodes.items():
        if name == picture:
            graph.node.append(_placeholder(name, shape))
        elif not _resolved(node, alias, known, origin):
            if normalization.by_the_batch(node):
                raise ConvertError(
                    f"{origin} normalizes by the batch at hand ({name}), as in training, and keeps "
                    "no averages to use in its place"
                )
            graph.node.append(_ready(node, alias, reader, origin))
    return graph


def _resolved(node: Any, alias: dict[str, str], known: dict[str, bool], origin: str) -> bool:
    """Whether the node disappears: training's flags are false, and branches follow from them."""
    inputs = [alias.get(_full(name), _full(name)) for name in node.input if name[0] != "^"]
    dead = [name for name in inputs if name == DEAD]
    if node.op == "Merge":
        alive = [name for name in inputs if name != DEAD]
        alias[f"{node.name}:0"] = alive[0] if alive else DEAD
        return True
    if dead:
        alias.update({f"{node.name}:{place}": DEAD for place in range(8)})
        return True
    if node.op in ("Placeholder", "PlaceholderWithDefault") and node.attr["dtype"].type == BOOL:
        known[node.name] = False
        return True
    flag = next((known[node_of(name)] for name in inputs[::-1] if node_of(name) in known), None)
    if node.op == "Switch":
        if flag is None:
            raise ConvertError(f"{origin} branches at {node.name!r}, which is not supported")
        alias[f"{node.name}:{int(flag)}"] = inputs[0]
        alias[f"{node.name}:{int(not flag)}"] = DEAD
        known.update({node.name: known[node_of(inputs[0])]} if node_of(inputs[0]) in known else {})
        return True
    if flag is not None and node.op in ("Identity", "LogicalNot"):
        known[node.name] = flag if node.op == "Identity" else not flag
        return True
    return False


def _full(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _placeholder(name: str, shape: list[int | None]) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op="Placeholder")
    node.attr["dtype"].type = FLOAT
    for size in (-1, *(part or -1 for part in shape)):
        node.attr["shape"].shape.dim.add().size = size
    return node


def _ready(node: Any, alias: dict[str, str], reader: Reader | None, origin: str) -> Any:
    """The node with resolved inputs; a variable becomes its value, a random number zero."""
    made = tf.compat.v1.NodeDef()
    made.CopyFrom(node)
    del made.input[:]
    made.input.extend(alias.get(_full(n), n) for n in node.input if n[0] != "^")
    for key in ("_class", "_output_shapes"):
        made.attr.pop(key, None)
    made.device = ""
    if reader and node.op in ("VariableV2", "Variable", "VarHandleOp"):
        return _constant(node.name, reader(_variable(node)))
    if reader and node.op == "ReadVariableOp":
        made.op = "Identity"
        made.attr["T"].CopyFrom(node.attr["dtype"])
        made.attr.pop("dtype")
    elif node.op == "RandomUniform":  # dropout with everything kept
        made.op = "Fill"
        made.input.append(f"{node.name}/zero")
        kind = node.attr["dtype"]
        made.attr.clear()
        made.attr["T"].CopyFrom(kind)
    elif node.op in ("Placeholder", "PlaceholderWithDefault"):
        return _constant(node.name, np.float32(1))  # the share that dropout keeps
    elif node.op == "Const" and node.attr["dtype"].type == FLOAT:
        _finite(tf.make_ndarray(node.attr["value"].tensor), node.name, origin)
    return made


def _variable(node: Any) -> str:
    return node.attr["shared_name"].s.decode() or node.name


def _constant(name: str, values: Any) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = tf.as_dtype(np.asarray(values).dtype).as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
    return node


def _finite(values: Any, name: str, origin: str) -> None:
    if not np.isfinite(values).all():
        raise ConvertError(
            f"{origin} holds weights that are not numbers (NaN or infinity), in {name}"
        )


def with_zeros(graph: Any) -> Any:
    """The graph, and the zeros that stand in for random numbers."""
    for node in list(graph.node):
        if node.op == "Fill" and node.input[-1] == f"{node.name}/zero":
            graph.node.append(_constant(f"{node.name}/zero", np.float32(0)))
    return graph
