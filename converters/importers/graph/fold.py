"""Batch normalization taken into the weights of the convolution before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from converters.importers.graph.model import Node, Weights

CONVOLUTIONS = ("Conv", "ConvTranspose")


def fold_batch_norm(nodes: Iterable[Node], weights: Weights, kept: Iterable[str]) -> list[Node]:
    """`nodes` without what could be folded; `weights` gets the new weights.

    A convolution whose own answer is read elsewhere too, or is one of the names `kept`, stays.
    """
    nodes = list(nodes)
    readers = Counter(name for node in nodes for name in node.reads)
    readers.update(kept)
    made_by = {node.outputs[0]: node for node in nodes if node.kind in CONVOLUTIONS}
    gone, new = set(), {}
    for node in nodes:
        before = made_by.get(node.inputs[0]) if node.kind == "BatchNormalization" else None
        if before and readers[node.inputs[0]] == 1 and _constant(before, node, weights):
            gone.add(before.outputs[0])
            new[node.outputs[0]] = _absorb(before, node, weights)
    return [new.get(node.outputs[0], node) for node in nodes if node.outputs[0] not in gone]


def _constant(convolution: Node, norm: Node, weights: Weights) -> bool:
    names = [*convolution.inputs[1:], *norm.inputs[1:5]]
    grouped = convolution.kind == "ConvTranspose" and convolution.get("group", 1) != 1
    return not grouped and all(name in weights for name in names if name)


def _absorb(convolution: Node, norm: Node, weights: Weights) -> Node:
    """The convolution that computes what `norm` made of the output of `convolution`."""
    scale, shift, mean, variance = (weights[name].astype(np.float64) for name in norm.inputs[1:5])
    factor = scale / np.sqrt(variance + norm.get("epsilon", 1e-5))
    kernel, *biases = [weights[name] for name in convolution.inputs[1:] if name]
    bias = biases[0] if biases else np.zeros_like(mean)
    # Output channels are the first axis of a convolution, the second of a transposed one.
    axis = (1, -1, 1, 1) if convolution.kind == "ConvTranspose" else (-1, 1, 1, 1)
    names = (f"{norm.outputs[0]}/kernel", f"{norm.outputs[0]}/bias")
    weights[names[0]] = (kernel * factor.reshape(axis)).astype(np.float32)
    weights[names[1]] = (factor * (bias - mean) + shift).astype(np.float32)
    inputs = (convolution.inputs[0], *names)
    return Node(convolution.kind, inputs, norm.outputs[:1], convolution.attributes)
