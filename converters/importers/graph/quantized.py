"""A network quantized in ONNX's QDQ form → the same in floating point.

Weights are multiplied out; the rounding of activations, which stands between QuantizeLinear and
DequantizeLinear, is left out: TFLite has its own, with ranges from real faces (`--scheme int8`).
Its limits stay, since ONNX Runtime's tool takes a Relu or Clip away before a QuantizeLinear that
says the same by the least and the greatest of its integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph.model import Node, Weights

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
OTHER_FORMS = ("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QGemm", "QLinear")
"""How the operations' names begin that are integers throughout."""
LIMITED = ("Clip", "HardSigmoid", "Relu", "Sigmoid", "Softmax")
"""What is limited already, so that no activation was taken away behind it."""


def is_quantized(graph: Any) -> bool:
    """Whether an ONNX graph holds quantization in this form."""
    return any(node.op_type in (QUANTIZE, DEQUANTIZE) for node in graph.node)


def refuse_other_forms(graph: Any, origin: str) -> None:
    """ConvertError for a graph whose operations are integers throughout."""
    for node in graph.node:
        if node.op_type.startswith(OTHER_FORMS):
            raise ConvertError(
                f"{origin} is quantized operation by operation ({node.op_type}), which can't be "
                "undone: export it in QDQ form (onnxruntime.quantization.quantize_static(…, "
                "quant_format=QuantFormat.QDQ)), or give the network as it was before"
            )


def unquantized(
    nodes: Iterable[Node], weights: Weights, outputs: Sequence[str], origin: str
) -> list[Node]:
    """The nodes without quantization; `weights` gets what was multiplied out."""
    work = _Work(weights, origin)
    for node in nodes:
        work.take(node)
    ends = [Node("Identity", (work.alias[name],), (name,)) for name in outputs
            if name in work.alias]  # fmt: skip
    return [*work.kept, *ends]


class _Work:
    """What is known while going through the nodes in order."""

    def __init__(self, weights: Weights, origin: str) -> None:
        self.weights = weights
        self.origin = origin
        self.kept: list[Node] = []
        self.alias: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        """Value → the operation that computes it."""
        self.rounded: set[str] = set()
        """Values of the picture behind a QuantizeLinear."""

    def take(self, node: Node) -> None:
        """One more node."""
        inputs = tuple(self.alias.get(name, name) for name in node.inputs)
        if node.kind not in (QUANTIZE, DEQUANTIZE):
            self._keep(Node(node.kind, inputs, node.outputs, node.attributes))
            return
        for name in filter(None, inputs[1:]):
            if name not in self.weights:
                raise ConvertError(
                    f"{self.origin} computes its quantization from the picture ({name}), which "
                    "can't be undone: give the network as it was before"
                )
        self._drop(node, *inputs)

    def _drop(self, node: Node, source: str, scale: str, zero: str = "") -> None:
        """A QuantizeLinear or DequantizeLinear, in whose place something else stands."""
        (made,) = node.outputs
        if source in self.weights:
            numbers = [self.weights[name] for name in (source, scale, zero) if name]
            compute = _multiplied if node.kind == DEQUANTIZE else _rounded
            self.weights[made] = compute(node.get("axis", 1), *numbers)
        elif node.kind == QUANTIZE:
            self.alias[made] = self._limited(source, scale, zero, made)
            self.rounded.add(made)
        elif node.inputs[0] in self.rounded:
            self.alias[made] = source
        else:  # a picture that comes as whole numbers
            self._unpacked(source, scale, zero, made)

    def _keep(self, node: Node) -> None:
        self.kept.append(node)
        self.kinds |= dict.fromkeys(node.outputs, node.kind)

    def _limited(self, source: str, scale: str, zero: str, made: str) -> str:
        """The value within the limits that its integers have."""
        step, middle = self.weights[scale], self.weights[zero] if zero else np.uint8(0)
        kind = self.kinds.get(source)
        if kind is None or kind in LIMITED or np.size(step) != 1:
            return source
        least, most = _range(middle.dtype)
        low, high = ((end - int(np.ravel(middle)[0])) * float(np.ravel(step)[0])
                     for end in (least, most))  # fmt: skip
        name = f"{made}/limited"
        self._keep(Node("Clip", (source,), (name,), {"min": low, "max": high}))
        return name

    def _unpacked(self, source: str, scale: str, zero: str, made: str) -> None:
        if zero:
            self.weights[f"{made}/zero"] = self.weights[zero].astype(np.float32)
            self._keep(Node("Sub", (source, f"{made}/zero"), (f"{made}/shifted",)))
        self._keep(Node("Mul", (f"{made}/shifted" if zero else source, scale), (made,)))


def _multiplied(axis: int, values: Any, scale: Any, zero: Any = 0) -> Any:
    shape = _along(axis, values, scale)
    shifted = values.astype(np.float32) - _shaped(zero, shape)
    return (shifted * _shaped(scale, shape)).astype(np.float32)


def _rounded(axis: int, values: Any, scale: Any, zero: Any = None) -> Any:
    """Integers, kept as such for the DequantizeLinear that follows."""
    shape = _along(axis, values, scale)
    zero = np.uint8(0) if zero is None else zero
    whole = np.rint(values / _shaped(scale, shape)) + _shaped(zero, shape)
    return np.clip(whole, *_range(zero.dtype)).astype(zero.dtype)


def _range(kind: Any) -> tuple[int, int]:
    limits = np.iinfo(kind)
    return int(limits.min), int(limits.max)


def _along(axis: int, values: Any, scale: Any) -> tuple[int, ...]:
    """The shape that lays one scale a channel along its axis."""
    if np.size(scale) == 1:
        return ()
    shape = [1] * np.ndim(values)
    shape[axis] = -1
    return tuple(shape)


def _shaped(part: Any, shape: tuple[int, ...]) -> Any:
    plain = np.asarray(part).astype(np.float32)
    return plain.reshape(shape if plain.size > 1 else ())
