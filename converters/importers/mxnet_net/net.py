"""A -symbol.json and .params pair → a graph; where there is only the latter, SSR-Net's layers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from converters.errors import ConvertError
from converters.importers.graph.model import Graph, Node, Weights
from converters.importers.mxnet_net import params, ssrnet
from converters.importers.mxnet_net.operations import OPERATIONS, Call
from converters.importers.network import Network

LABELS = ("label", "softmax_label")


def read(
    content: bytes, symbol: bytes, architecture: str, origin: str, size: tuple[int, int]
) -> Network:
    """The network; `size` (height, width) is the picture's, which the files do not say."""
    arrays = params.read(content)
    weights = {name.partition(":")[2] or name: values for name, values in arrays.items()}
    if symbol:
        graph = load_graph(symbol, weights, origin, size)
    elif architecture in ssrnet.RANGES:
        graph = ssrnet.graph(weights, architecture, origin, size)
    else:
        raise ConvertError(
            f"{origin} holds weights alone: give its structure (NAME-symbol.json) with --structure"
        )
    from converters.importers.graph import execute, onnx_form, widths

    return Network(
        "mxnet",
        graph.picture,
        widths.of(graph),
        partial(execute.function, graph),
        *onnx_form.runner(graph),
    )


def load_graph(symbol: bytes, weights: Weights, origin: str, size: tuple[int, int]) -> Graph:
    """The symbol's operations and the weights as a graph."""
    try:
        table = json.loads(symbol)
        listed = table["nodes"]
        heads = [(int(head[0]), int(head[1])) for head in table["heads"]]
        return _graph(listed, heads, dict(weights), origin, size)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ConvertError(
            f"{origin}: its structure (-symbol.json) is damaged, or none of mxnet's: {error!r}"
        ) from error


def _graph(
    listed: list[Any], heads: list[tuple[int, int]], weights: Weights, origin: str,
    size: tuple[int, int],
) -> Graph:  # fmt: skip
    nodes: list[Node] = []
    free = []
    for one in listed:
        name, kind = str(one["name"]), one["op"]
        if kind == "null":
            if name not in weights:
                free.append(name)
            continue
        if kind not in OPERATIONS:
            raise ConvertError(f"{origin} holds operations that are not supported: {kind}")
        given = tuple(_name(listed, int(i[0]), int(i[1])) for i in one.get("inputs", []))
        said = {**one.get("param", {}), **one.get("attr", {}), **one.get("attrs", {})}
        call = Call(name, given, {**said, "__kind__": kind}, weights)
        try:
            nodes += OPERATIONS[kind](call)
        except ConvertError as error:
            raise ConvertError(f"{origin}, {kind} {name!r}: {error}") from error
        weights.update(call.added)
    pictures = [name for name in free if not name.endswith(LABELS)]
    read_by = {name for node in nodes for name in node.inputs}
    missing = [name for name in pictures if name in read_by and name != "data"]
    if "data" not in pictures and len(pictures) != 1:
        raise ConvertError(
            f"{origin} does not show where the picture enters: {', '.join(pictures)}"
        )
    if "data" in pictures and missing:
        raise ConvertError(f"{origin}: the weights lack {', '.join(missing[:3])}")
    picture = "data" if "data" in pictures else pictures[0]
    outputs = tuple(_name(listed, index, place) for index, place in heads)
    return Graph(origin, picture, (None, 3, *size), outputs, tuple(nodes), weights)


def _name(listed: list[Any], index: int, place: int) -> str:
    name = str(listed[index]["name"])
    return f"{name}:{place}" if place else name
