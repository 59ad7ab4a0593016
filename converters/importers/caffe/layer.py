"""One layer of a Caffe structure, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from converters.errors import ConvertError
from converters.importers.caffe.prototxt import Table
from converters.importers.graph.model import Node, Weights

OLD_NAMES = {
    "INNER_PRODUCT": "InnerProduct", "RELU": "ReLU", "LRN": "LRN", "TANH": "TanH",
    "BNLL": "BNLL", "ELU": "ELU", "PRELU": "PReLU", "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "ABSVAL": "AbsVal",
}  # fmt: skip
"""The first form's names that are more than another spelling (CONVOLUTION → Convolution)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a structure: `table` is all that was said of it."""

    name: str
    kind: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    table: Table

    @classmethod
    def of(cls, table: Table) -> Layer:
        """From the parsed text, in the new form or the old one."""
        kind = str(table.get("type", ["?"])[0])
        if kind.isupper():
            kind = OLD_NAMES.get(kind, kind.title().replace("_", ""))
        name = str(table.get("name", [kind])[0])
        tops = tuple(map(str, table.get("top", [name])))
        return cls(name, kind, tuple(map(str, table.get("bottom", []))), tops, table)

    def as_softmax(self) -> Layer:
        """The loss's softmax, which is what a net for use would have in its place."""
        return Layer(self.name, "Softmax", self.bottoms[:1], self.tops[:1], self.table)

    def parameters(self, name: str) -> Table:
        """What the layer says under `name`, or nothing."""
        found = self.table.get(name, [{}])[0]
        if not isinstance(found, dict):
            raise ConvertError(f"{name} is not a table")
        return found


@dataclass(frozen=True, slots=True)
class Made:
    """A layer's operations, and the weights they read."""

    nodes: list[Node]
    weights: Weights = field(default_factory=dict)


Names = tuple[str, ...]
Arrays = list[Any]
Builder = Callable[[Layer, Names, Names, Arrays], Made]


def one(said: Table, key: str, default: Any) -> Any:
    """The last value of a key."""
    return said[key][-1] if said.get(key) else default


def pair(said: Table, name: str, default: int) -> list[int]:
    """Height and width of `name`, which may be said once, twice, or as NAME_h and NAME_w."""
    short = name.removesuffix("_size")
    high, wide = one(said, f"{short}_h", None), one(said, f"{short}_w", None)
    if high is not None and wide is not None:
        return [int(high), int(wide)]
    values = said.get(name) or [default]
    return [int(values[0]), int(values[-1])]


def need(arrays: Arrays, count: int) -> Arrays:
    """The weights, at least `count` arrays."""
    if len(arrays) < count:
        raise ConvertError(f"the weight file has {len(arrays)} arrays for it instead of {count}")
    return arrays
