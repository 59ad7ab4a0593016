"""Batch normalization of a graph for training → by the averages that training kept.

A checkpoint's graph is often the one that was trained: its normalization takes mean and variance
from the batch at hand, so that a face's age would depend on the faces beside it. The averages for
use are variables beside it, `…/moving_mean` and `…/moving_variance`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
SUMS = ("Add", "AddV2")
MEAN, VARIANCE = 3, 4
"""The places of a fused normalization's inputs."""


def for_use(nodes: dict[str, Any]) -> dict[str, Any]:
    """The nodes, every normalization that has averages beside it reading those."""
    return {name: _for_use(node, nodes) for name, node in nodes.items()}


def by_the_batch(node: Any) -> bool:
    """Whether the node is a normalization that has no averages to go by."""
    return node.op in FUSED and _training(node)


def _for_use(node: Any, nodes: dict[str, Any]) -> Any:
    if node.op in FUSED and _training(node):
        averages = _averages(node.name.rpartition("/")[0], nodes)
        return node if averages is None else _fused(node, averages)
    scope, mark, rest = node.name.rpartition("/batchnorm/")
    if mark and "/" not in rest and (averages := _averages(scope, nodes)) is not None:
        return _in_steps(node, scope, averages)
    return node


def _training(node: Any) -> bool:
    return "is_training" not in node.attr or node.attr["is_training"].b


def _averages(scope: str, nodes: dict[str, Any]) -> tuple[str, str] | None:
    """The names of what holds the mean and the variance: a variable, or its reading."""
    found = []
    for name in (f"{scope}/moving_mean", f"{scope}/moving_variance"):
        if name not in nodes:
            return None
        read = f"{name}/read"
        resource = nodes[name].op == "VarHandleOp"
        found.append(read if read in nodes else _reading(name, nodes) if resource else name)
    return found[0], found[1]


def _reading(variable: str, nodes: dict[str, Any]) -> str:
    """The node that gives a resource variable's value (its handle becomes the value itself)."""
    for name, node in nodes.items():
        if node.op == "ReadVariableOp" and node.input[0].split(":")[0] == variable:
            return name
    return variable


def _fused(node: Any, averages: tuple[str, str]) -> Any:
    made = tf.compat.v1.NodeDef()
    made.CopyFrom(node)
    made.input[MEAN], made.input[VARIANCE] = averages
    made.attr["is_training"].b = False
    return made


def _in_steps(node: Any, scope: str, averages: tuple[str, str]) -> Any:
    """tf.nn.batch_normalization: the variance goes into a sum, the mean into a product."""
    moments = [at for at, name in enumerate(node.input) if name.startswith(f"{scope}/moments/")]
    if not moments:
        return node
    made = tf.compat.v1.NodeDef()
    made.CopyFrom(node)
    for at in moments:
        made.input[at] = averages[1 if node.op in SUMS else 0]
    return made
