"""mxnet's operations → ONNX's."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph.model import Node, Weights

Table = dict[str, str]


@dataclass(slots=True)
class Call:
    """One operation of a symbol: what it reads, the name of what it makes, what it says."""

    name: str
    given: tuple[str, ...]
    said: Table
    weights: Weights
    outputs: int = 1
    added: Weights = field(default_factory=dict)

    def value(self, key: str, default: Any) -> Any:
        """A setting; they are written as Python literals."""
        if key not in self.said:
            return default
        text = self.said[key]
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text

    def flag(self, key: str, default: bool = False) -> bool:
        """A setting that is true or false, in any of the spellings."""
        return str(self.said.get(key, default)).lower() in ("true", "1")

    def pair(self, key: str, default: int) -> list[int]:
        """A setting for height and width."""
        value = self.value(key, default)
        sizes = list(value) if isinstance(value, tuple | list) else [value] * 2
        return sizes if sizes else [default] * 2

    def constant(self, name: str, value: Any) -> str:
        """Put a constant beside the weights."""
        label = f"{self.name}/{name}"
        self.added[label] = np.asarray(value)
        return label

    def nodes(self, kind: str, *more: str, **attributes: Any) -> list[Node]:
        """One operation on the first input and constants."""
        return [Node(kind, (self.given[0], *more), (self.name,), attributes)]


Builder = Callable[[Call], list[Node]]


def _convolution(call: Call) -> list[Node]:
    high, wide = call.pair("pad", 0)
    kind = "Conv" if "deconv" not in call.said.get("__kind__", "").lower() else "ConvTranspose"
    attributes = {
        "strides": call.pair("stride", 1),
        "dilations": call.pair("dilate", 1),
        "pads": [high, wide, high, wide],
        "group": int(call.value("num_group", 1)),
    }
    return [Node(kind, call.given[: 2 if call.flag("no_bias") else 3], (call.name,), attributes)]


def _batch_norm(call: Call) -> list[Node]:
    x, gamma, beta, mean, variance = call.given[:5]
    if call.flag("fix_gamma", True) and gamma in call.weights:
        gamma = call.constant("gamma", np.ones_like(call.weights[gamma]))
    attributes = {"epsilon": float(call.value("eps", 1e-3))}
    return [Node("BatchNormalization", (x, gamma, beta, mean, variance), (call.name,), attributes)]


def _activation(call: Call) -> list[Node]:
    kinds = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softrelu": "Softplus"}
    kind = str(call.value("act_type", "relu"))
    if kind not in kinds:
        raise ConvertError(f"the activation {kind} is not supported")
    return call.nodes(kinds[kind])


def _leaky(call: Call) -> list[Node]:
    kind = str(call.value("act_type", "leaky"))
    slope = float(call.value("slope", 0.25))
    if kind == "prelu":
        values = call.weights[call.given[1]]
        shape = (-1, 1, 1) if values.size > 1 else (1,)
        return call.nodes("PRelu", call.constant("slope", values.reshape(shape)))
    if kind == "elu":
        return call.nodes("Elu", alpha=slope)
    if kind != "leaky":
        raise ConvertError(f"the activation {kind} is not supported")
    return call.nodes("LeakyRelu", alpha=slope)


def _pooling(call: Call) -> list[Node]:
    kind = str(call.value("pool_type", "max"))
    if kind not in ("max", "avg"):
        raise ConvertError(f"pooling by {kind} is not supported")
    if call.flag("global_pool"):
        return call.nodes("GlobalMaxPool" if kind == "max" else "GlobalAveragePool")
    high, wide = call.pair("pad", 0)
    attributes: dict[str, Any] = {
        "kernel_shape": call.pair("kernel", 1),
        "strides": call.pair("stride", 1),
        "pads": [high, wide, high, wide],
        "ceil_mode": int(call.said.get("pooling_convention") == "full"),
    }
    if kind == "avg":
        attributes["count_include_pad"] = int(call.flag("count_include_pad", True))
    return call.nodes("MaxPool" if kind == "max" else "AveragePool", **attributes)


def _dense(call: Call) -> list[Node]:
    flat = f"{call.name}/flat"
    inputs = (flat, *call.given[1 : 2 if call.flag("no_bias") else 3])
    return [
        Node("Flatten", call.given[:1], (flat,), {"axis": 1}),
        Node("Gemm", inputs, (call.name,), {"transB": 1}),
    ]


def _scalar(kind: str, turned: bool = False) -> Builder:
    def build(call: Call) -> list[Node]:
        number = call.constant("scalar", np.float32(call.value("scalar", 0.0)))
        inputs = (number, call.given[0]) if turned else (call.given[0], number)
        return [Node(kind, inputs, (call.name,))]

    return build


def _every(kind: str) -> Builder:
    return lambda call: [Node(kind, call.given, (call.name,))]


def _plain(kind: str, **attributes: Any) -> Builder:
    return lambda call: call.nodes(kind, **attributes)


def _softmax(call: Call) -> list[Node]:
    channel = call.flag("multi_output") or call.said.get("mode") == "channel"
    return call.nodes("Softmax", axis=1 if channel else int(call.value("axis", -1)))


def _concat(call: Call) -> list[Node]:
    axis = int(call.value("dim", call.value("axis", 1)))
    return [Node("Concat", call.given, (call.name,), {"axis": axis})]


def _reshape(call: Call) -> list[Node]:
    shape = [int(size) for size in call.value("shape", ())]
    if any(size < -1 for size in shape) or call.flag("reverse"):
        raise ConvertError(f"reshaping to {shape} is not supported")
    return call.nodes("Reshape", call.constant("shape", np.array(shape, np.int64)))


def _slice_axis(call: Call) -> list[Node]:
    end = call.value("end", None)
    numbers = (call.value("begin", 0), 2**31 - 1 if end in (None, "None") else end,
               call.value("axis", 0))  # fmt: skip
    names = ("starts", "ends", "axes")
    return call.nodes("Slice", *(call.constant(n, np.array([v], np.int64))
                                 for n, v in zip(names, numbers, strict=True)))  # fmt: skip


def _split(call: Call) -> list[Node]:
    count, axis = int(call.value("num_outputs", 1)), int(call.value("axis", 1))
    parts = tuple(call.name if at == 0 else f"{call.name}:{at}" for at in range(count))
    if not call.flag("squeeze_axis"):
        return [Node("Split", call.given[:1], parts, {"axis": axis})]
    whole = tuple(f"{part}/whole" for part in parts)
    squeezed = [
        Node("Squeeze", (wide,), (part,), {"axes": [axis]})
        for wide, part in zip(whole, parts, strict=True)
    ]
    return [Node("Split", call.given[:1], whole, {"axis": axis}), *squeezed]


def _reduce(kind: str) -> Builder:
    def build(call: Call) -> list[Node]:
        axis = call.value("axis", ())
        axes = [axis] if isinstance(axis, int) else list(axis)
        if not axes or call.flag("exclude"):
            raise ConvertError("a sum over all axes is not supported")
        return call.nodes(kind, axes=axes, keepdims=int(call.flag("keepdims")))

    return build


def _lrn(call: Call) -> list[Node]:
    return call.nodes(
        "LRN", size=int(call.value("nsize", 5)), alpha=float(call.value("alpha", 1e-4)),
        beta=float(call.value("beta", 0.75)), bias=float(call.value("knorm", 2.0)),
    )  # fmt: skip


def _clip(call: Call) -> list[Node]:
    limits = [call.constant(key, np.float32(call.value(key, 0.0))) for key in ("a_min", "a_max")]
    return call.nodes("Clip", *limits)


OPERATIONS: dict[str, Builder] = {
    "Activation": _activation, "BatchNorm": _batch_norm, "BatchNorm_v1": _batch_norm,
    "BlockGrad": _plain("Identity"), "Cast": _plain("Identity"), "Concat": _concat,
    "Convolution": _convolution, "Convolution_v1": _convolution, "Deconvolution": _convolution,
    "Dropout": _plain("Identity"), "ElementWiseSum": _every("Sum"), "Flatten": _plain("Flatten"),
    "FullyConnected": _dense, "LRN": _lrn, "LeakyReLU": _leaky,
    "LinearRegressionOutput": _plain("Identity"), "LogisticRegressionOutput": _plain("Sigmoid"),
    "MAERegressionOutput": _plain("Identity"), "MakeLoss": _plain("Identity"),
    "Pooling": _pooling, "Pooling_v1": _pooling, "Reshape": _reshape, "SliceChannel": _split,
    "SoftmaxActivation": _softmax, "SoftmaxOutput": _softmax, "_Div": _every("Div"),
    "_DivScalar": _scalar("Div"), "_Minus": _every("Sub"), "_MinusScalar": _scalar("Sub"),
    "_Mul": _every("Mul"), "_MulScalar": _scalar("Mul"), "_Plus": _every("Add"),
    "_PlusScalar": _scalar("Add"), "_RDivScalar": _scalar("Div", turned=True),
    "_RMinusScalar": _scalar("Sub", turned=True), "_copy": _plain("Identity"),
    "_div_scalar": _scalar("Div"), "_maximum_scalar": _scalar("Max"),
    "_minimum_scalar": _scalar("Min"), "_minus_scalar": _scalar("Sub"),
    "_mul_scalar": _scalar("Mul"), "_plus_scalar": _scalar("Add"), "_power_scalar": _scalar("Pow"),
    "_rdiv_scalar": _scalar("Div", turned=True), "_rminus_scalar": _scalar("Sub", turned=True),
    "add_n": _every("Sum"), "broadcast_add": _every("Add"), "broadcast_div": _every("Div"),
    "broadcast_minus": _every("Sub"), "broadcast_mul": _every("Mul"),
    "broadcast_plus": _every("Add"), "broadcast_sub": _every("Sub"), "clip": _clip,
    "elemwise_add": _every("Add"), "elemwise_div": _every("Div"), "elemwise_mul": _every("Mul"),
    "elemwise_sub": _every("Sub"), "exp": _plain("Exp"), "flatten": _plain("Flatten"),
    "identity": _plain("Identity"), "log": _plain("Log"),
    "log_softmax": _plain("LogSoftmax", axis=-1),
    "mean": _reduce("ReduceMean"), "relu": _plain("Relu"), "reshape": _reshape,
    "sigmoid": _plain("Sigmoid"), "slice_axis": _slice_axis, "softmax": _softmax,
    "split": _split, "sqrt": _plain("Sqrt"), "sum": _reduce("ReduceSum"), "tanh": _plain("Tanh"),
}  # fmt: skip
