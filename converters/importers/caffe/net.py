"""A Caffe structure and its weights → a graph; OpenCV says what the original answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np

from converters.errors import ConvertError
from converters.importers.caffe import prototxt, weights
from converters.importers.caffe.layer import Layer, Made
from converters.importers.caffe.layers import LAYERS
from converters.importers.graph.model import Graph, Node, Weights
from converters.importers.network import Floats, Network

TRAINING_ONLY = ("Accuracy", "Silence", "HDF5Output")
SOURCES = ("Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData")


def read(structure: bytes, content: bytes, origin: str) -> Network:
    """The network of a deploy.prototxt's and a .caffemodel's bytes."""
    graph = load_graph(structure, content, origin)
    from converters.importers.graph import execute, widths

    return Network(
        "Caffe",
        graph.picture,
        widths.of(graph),
        partial(execute.function, graph),
        f"OpenCV {cv2.__version__}'s Caffe importer",
        _reference(structure, content),
    )


def load_graph(structure: bytes, content: bytes, origin: str) -> Graph:
    """Both files as a graph in ONNX's operations."""
    net = prototxt.parse(structure, origin)
    arrays = weights.read(content, origin)
    layers = [layer for table in net.get("layer", []) + net.get("layers", []) for layer in
              _described(table, origin)]  # fmt: skip
    if not layers:
        raise ConvertError(f"{origin} describes no layers: is it a deploy.prototxt?")
    name, shape = _input(net, layers, origin)
    used = [layer for layer in layers if layer.kind != "Input"]
    nodes, values, names = _nodes(used, arrays, name, origin)
    nodes = [_renamed(node, names) for node in nodes]
    read_again = {name for node in nodes for name in node.inputs}
    made = [output for node in nodes for output in node.outputs]
    outputs = tuple(dict.fromkeys(output for output in made if output not in read_again))
    return Graph(origin, names.get(name, name), shape, outputs, tuple(nodes), values)


def _renamed(node: Node, names: dict[str, str]) -> Node:
    return Node(
        node.kind,
        tuple(names.get(name, name) for name in node.inputs),
        tuple(names.get(name, name) for name in node.outputs),
        node.attributes,
    )


def _described(table: Any, origin: str) -> list[Layer]:
    """The layer, unless it is there for training alone."""
    if not isinstance(table, dict):
        raise ConvertError(f"{origin} is no structure of Caffe: a layer is not a table")
    if "layer" in table:
        raise ConvertError(
            f"{origin} comes with a structure in Caffe's oldest form (a layer inside layers): "
            "Caffe's upgrade_net_proto_text and upgrade_net_proto_binary make newer files of it"
        )
    layer = Layer.of(table)
    if layer.kind in SOURCES:
        raise ConvertError(
            f"{origin} reads its pictures by a {layer.kind} layer: it is the structure for "
            "training; give the one for use (deploy.prototxt)"
        )
    training = any(rule.get("phase") == ["TRAIN"] for rule in table.get("include", []))
    if training or layer.kind in TRAINING_ONLY or layer.kind.endswith("Loss"):
        return [layer.as_softmax()] if layer.kind == "SoftmaxWithLoss" and not training else []
    return [layer]


def _input(net: Any, layers: Sequence[Layer], origin: str) -> tuple[str, tuple[int | None, ...]]:
    names = [str(name) for name in net.get("input", [])]
    shapes = [table.get("dim", []) for table in net.get("input_shape", [])]
    if "input_dim" in net:
        shapes.append(net["input_dim"])
    for layer in layers:
        if layer.kind == "Input" and layer.tops[0] not in names:
            names.append(layer.tops[0])
            shapes += [
                table.get("dim", []) for table in layer.parameters("input_param").get("shape", [])
            ]
    if len(names) != 1 or not shapes or len(shapes[0]) < 4:
        said = ", ".join(names) or "none"
        raise ConvertError(f"{origin} should have one input with four sizes; it has: {said}")
    return names[0], (None, *(int(size) for size in shapes[0][1:4]))


def _nodes(
    layers: Sequence[Layer], arrays: dict[str, list[Any]], picture: str, origin: str
) -> tuple[list[Node], Weights, dict[str, str]]:
    """Every layer's operations, their weights, and new names.

    A value that layers overwrite in place is a value of its own each time; by the new names the
    last one has the name that the structure gives it.
    """
    current = {picture: picture}
    nodes: list[Node] = []
    values: Weights = {}
    for number, layer in enumerate(layers):
        if layer.kind not in LAYERS:
            raise ConvertError(f"{origin} holds layers that are not supported: {layer.kind}")
        given = tuple(current.get(name, name) for name in layer.bottoms)
        tops = tuple(f"{top}@{number}" if top in current else top for top in layer.tops)
        try:
            made: Made = LAYERS[layer.kind](layer, given, tops, arrays.get(layer.name, []))
        except (ConvertError, IndexError, TypeError, ValueError) as error:
            raise ConvertError(f"{origin}, layer {layer.name!r}: {error}") from error
        nodes += made.nodes
        values.update(made.weights)
        current.update(zip(layer.tops, tops, strict=True))
    renamed = {last: top for top, last in current.items() if last != top}
    return nodes, values, {**{top: f"{top}@first" for top in renamed.values()}, **renamed}


def _reference(structure: bytes, content: bytes) -> Any:
    """OpenCV's importer as a function; None where this OpenCV has none (5 has not)."""

    def run(images: Floats, wanted: Sequence[str]) -> dict[str, Floats]:
        net = cv2.dnn.readNetFromCaffe(
            np.frombuffer(structure, np.uint8), np.frombuffer(content, np.uint8)
        )
        makers = _makers(structure)
        rows: dict[str, list[Floats]] = {name: [] for name in wanted}
        for one in images.transpose(0, 3, 1, 2):
            net.setInput(np.ascontiguousarray(one[None]))
            for name in wanted:
                rows[name].append(net.forward(makers[name]).reshape(1, -1).copy())
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    return run if hasattr(cv2.dnn, "readNetFromCaffe") else None


def _makers(structure: bytes) -> dict[str, str]:
    """Value → the last layer that makes it: OpenCV asks by layers' names."""
    net = prototxt.parse(structure, "")
    layers = [Layer.of(table) for table in net.get("layer", []) + net.get("layers", [])]
    return {top: layer.name for layer in layers for top in layer.tops}
