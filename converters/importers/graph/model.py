"""The graph: operations in execution order, weights as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError

Weights = dict[str, NDArray[Any]]
WEIGHED = ("BatchNormalization", "Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu")
FINITE = np.finfo(np.float32).min, np.finfo(np.float32).max
"""What minus and plus infinity become: a maximum over a padded window, a bound and a mask before a
softmax say the same with these."""


@dataclass(frozen=True, slots=True)
class Node:
    """One of ONNX's operations: its kind, the names it reads and writes, its attributes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, text as text."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    @property
    def reads(self) -> set[str]:
        """The names that it takes values from, those inside its branches included."""
        names = set(self.inputs)
        for branch in self.attributes.values():
            if isinstance(branch, Branch):
                names |= branch.reads
        return names


@dataclass(frozen=True, slots=True)
class Branch:
    """A graph inside a graph: one of two ways to go on, by what is known of shapes."""

    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    weights: Weights

    @property
    def reads(self) -> set[str]:
        """What it takes from the graph round it."""
        made = {name for node in self.nodes for name in node.outputs} | set(self.weights)
        return {name for node in self.nodes for name in node.reads}.union(self.outputs) - made


@dataclass(frozen=True, slots=True)
class Graph:
    """A net with one picture as its input.

    shape: of the input, in the file's own order (N × C × H × W, or N × H × W × C where
    `channels_last`); None where the file leaves a size open.
    """

    origin: str
    input: str
    shape: tuple[int | None, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    weights: Weights
    channels_last: bool = False
    opset: int = 18

    def __post_init__(self) -> None:
        """Infinities are let in as bounds and as what is padded with, not as weights."""
        weighed = {name for node in self.nodes if node.kind in WEIGHED for name in node.inputs}
        for name, values in self.weights.items():
            if values.dtype.kind != "f" or np.isfinite(values).all():
                continue
            if name in weighed or np.isnan(values).any():
                raise ConvertError(
                    f"{self.origin} holds weights that are not numbers (NaN or infinity), in {name}"
                )
            self.weights[name] = np.clip(values, *FINITE)

    @property
    def picture(self) -> tuple[int | None, ...]:
        """Height, width, channels of the input."""
        if self.channels_last:
            return self.shape[1:]
        return (*self.shape[2:], self.shape[1])

    def needed(self, wanted: Iterable[str]) -> tuple[Node, ...]:
        """The nodes that the values `wanted` are made by, in order."""
        names = set(wanted)
        kept = []
        for node in reversed(self.nodes):
            if names & set(node.outputs):
                kept.append(node)
                names |= node.reads
        unknown = names - {self.input, ""} - set(self.weights)
        unknown -= {name for node in kept for name in node.outputs}
        if unknown:
            raise ConvertError(f"{self.origin} reads {min(unknown)!r}, which nothing in it makes")
        return tuple(reversed(kept))
