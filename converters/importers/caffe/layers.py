"""Caffe's layers → ONNX's operations. The sums of sizes follow Caffe: pooling rounds up."""

from __future__ import annotations

from typing import Any

import numpy as np

from converters.errors import ConvertError
from converters.importers.caffe.layer import Arrays, Builder, Layer, Made, Names, need, one, pair
from converters.importers.graph.model import Node, Weights


def _convolution(layer: Layer, given: Names, tops: Names, arrays: Arrays) -> Made:
    said = layer.parameters("convolution_param")
    with_bias = bool(one(said, "bias_term", True))
    kernel, *rest = need(arrays, 1 + with_bias)
    group = int(one(said, "group", 1))
    if kernel.ndim != 4:
        raise ConvertError(f"its weights have the shape {kernel.shape}")
    wanted = (int(one(said, "num_output", 0)), *pair(said, "kernel_size", 1))
    turned = layer.kind == "Deconvolution"
    have = (kernel.shape[1] * group if turned else kernel.shape[0], *kernel.shape[2:])
    if have != wanted:
        raise ConvertError(
            f"the structure says {wanted} (outputs, height, width), the weights {have}"
        )
    high, wide = pair(said, "pad", 0)
    attributes = {
        "kernel_shape": list(kernel.shape[2:]),
        "strides": pair(said, "stride", 1),
        "pads": [high, wide, high, wide],
        "dilations": pair(said, "dilation", 1),
        "group": group,
    }
    values = {f"{layer.name}/w": kernel}
    if with_bias:
        values[f"{layer.name}/b"] = rest[0].reshape(-1)
    kind = "ConvTranspose" if turned else "Conv"
    return Made([Node(kind, (given[0], *values), tops, attributes)], values)


def _inner_product(layer: Layer, given: Names, tops: Names, arrays: Arrays) -> Made:
    said = layer.parameters("inner_product_param")
    with_bias = bool(one(said, "bias_term", True))
    kernel, *rest = need(arrays, 1 + with_bias)
    kernel = kernel.reshape(kernel.shape[-2:])  # the first form wrote 1 × 1 × out × in
    turned = bool(one(said, "transpose", False))
    outputs = kernel.shape[1 if turned else 0]
    if outputs != int(one(said, "num_output", outputs)):
        raise ConvertError(
            f"the structure says {said['num_output'][0]} outputs, the weights {outputs}"
        )
    values = {f"{layer.name}/w": kernel}
    if with_bias:
        values[f"{layer.name}/b"] = rest[0].reshape(-1)
    flat = f"{layer.name}/flat"
    return Made(
        [
            Node("Flatten", given[:1], (flat,), {"axis": int(one(said, "axis", 1))}),
            Node("Gemm", (flat, *values), tops, {"transB": 0 if turned else 1}),
        ],
        values,
    )


def _pooling(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    said = layer.parameters("pooling_param")
    mean = one(said, "pool", "MAX") in ("AVE", 1)
    if one(said, "pool", "MAX") in ("STOCHASTIC", 2):
        raise ConvertError("stochastic pooling is not supported")
    if one(said, "global_pooling", False):
        return Made([Node("GlobalAveragePool" if mean else "GlobalMaxPool", given, tops[:1])])
    high, wide = pair(said, "pad", 0)
    up = one(said, "round_mode", "CEIL") in ("CEIL", 0) and bool(one(said, "ceil_mode", True))
    attributes = {
        "kernel_shape": pair(said, "kernel_size", 1),
        "strides": pair(said, "stride", 1),
        "pads": [high, wide, high, wide],
        "ceil_mode": int(up),
        "count_include_pad": 1,
    }
    return Made([Node("AveragePool" if mean else "MaxPool", given, tops[:1], attributes)])


def _lrn(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    said = layer.parameters("lrn_param")
    size, alpha = int(one(said, "local_size", 5)), float(one(said, "alpha", 1.0))
    beta, bias = float(one(said, "beta", 0.75)), float(one(said, "k", 1.0))
    if one(said, "norm_region", "ACROSS_CHANNELS") in ("ACROSS_CHANNELS", 0):
        attributes = {"size": size, "alpha": alpha, "beta": beta, "bias": bias}
        return Made([Node("LRN", given, tops, attributes)])
    return _lrn_within(layer, given, tops, (size, alpha, beta))


def _lrn_within(layer: Layer, given: Names, tops: Names, numbers: tuple[int, float, float]) -> Made:
    """x · (1 + alpha · mean of x² over the window)^−beta, zeros counted outside the picture."""
    size, alpha, beta = numbers
    pad = (size - 1) // 2
    pooled = {"kernel_shape": [size, size], "pads": [pad] * 4, "count_include_pad": 1}
    name = layer.name
    values: Weights = {
        f"{name}/alpha": np.array(alpha, np.float32),
        f"{name}/one": np.array(1, np.float32),
        f"{name}/power": np.array(-beta, np.float32),
    }
    steps = [
        Node("Mul", (given[0], given[0]), (f"{name}/square",)),
        Node("AveragePool", (f"{name}/square",), (f"{name}/mean",), pooled),
        Node("Mul", (f"{name}/mean", f"{name}/alpha"), (f"{name}/scaled",)),
        Node("Add", (f"{name}/scaled", f"{name}/one"), (f"{name}/sum",)),
        Node("Pow", (f"{name}/sum", f"{name}/power"), (f"{name}/factor",)),
        Node("Mul", (given[0], f"{name}/factor"), tops),
    ]
    return Made(steps, values)


def _batch_norm(layer: Layer, given: Names, tops: Names, arrays: Arrays) -> Made:
    """Mean and variance are sums; the third array says of how many (0: of none)."""
    mean, variance, count = need(arrays, 3)[:3]
    factor = 1 / count.flat[0] if count.flat[0] else 0
    said = layer.parameters("batch_norm_param")
    name = layer.name
    channels = mean.size
    values: Weights = {
        f"{name}/scale": np.ones(channels, np.float32),
        f"{name}/shift": np.zeros(channels, np.float32),
        f"{name}/mean": (mean * factor).reshape(-1).astype(np.float32),
        f"{name}/variance": (variance * factor).reshape(-1).astype(np.float32),
    }
    attributes = {"epsilon": float(one(said, "eps", 1e-5))}
    return Made([Node("BatchNormalization", (given[0], *values), tops, attributes)], values)


def _scale(layer: Layer, given: Names, tops: Names, arrays: Arrays) -> Made:
    if len(given) > 1:
        raise ConvertError("a Scale layer of two inputs is not supported")
    factor, *rest = need(arrays, 1)
    shape = (-1, 1, 1) if factor.size > 1 else (1,)
    values = {f"{layer.name}/w": factor.reshape(shape)}
    if not rest:
        return Made([Node("Mul", (given[0], *values), tops)], values)
    middle = f"{layer.name}/scaled"
    nodes = [Node("Mul", (given[0], *values), (middle,))]
    values[f"{layer.name}/b"] = rest[0].reshape(shape)
    nodes.append(Node("Add", (middle, f"{layer.name}/b"), tops))
    return Made(nodes, values)


def _relu(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    slope = float(one(layer.parameters("relu_param"), "negative_slope", 0))
    if slope:
        return Made([Node("LeakyRelu", given, tops, {"alpha": slope})])
    return Made([Node("Relu", given, tops)])


def _prelu(layer: Layer, given: Names, tops: Names, arrays: Arrays) -> Made:
    slope = need(arrays, 1)[0]
    values = {f"{layer.name}/w": slope.reshape((-1, 1, 1) if slope.size > 1 else (1,))}
    return Made([Node("PRelu", (given[0], *values), tops)], values)


def _concat(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    said = layer.parameters("concat_param")
    axis = int(one(said, "axis", one(said, "concat_dim", 1)))
    return Made([Node("Concat", given, tops, {"axis": axis})])


def _eltwise(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    said = layer.parameters("eltwise_param")
    factors = [float(number) for number in said.get("coeff", [])]
    how = one(said, "operation", "SUM")
    kind = {"PROD": "Mul", 0: "Mul", "SUM": "Sum", 1: "Sum", "MAX": "Max", 2: "Max"}.get(how)
    if kind is None:
        raise ConvertError(f"the operation {how} is not supported")
    if kind != "Sum" or all(factor == 1 for factor in factors):
        return Made([Node(kind, given, tops)])
    values: Weights = {}
    nodes, parts = [], []
    for number, (name, factor) in enumerate(zip(given, factors, strict=True)):
        values[f"{layer.name}/{number}"] = np.array(factor, np.float32)
        parts.append(f"{layer.name}/part{number}")
        nodes.append(Node("Mul", (name, f"{layer.name}/{number}"), (parts[-1],)))
    return Made([*nodes, Node("Sum", tuple(parts), tops)], values)


def _power(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    """(shift + scale · x)^power."""
    said = layer.parameters("power_param")
    name, x = layer.name, given[0]
    nodes, values = [], {}
    for kind, key, neutral in (("Mul", "scale", 1.0), ("Add", "shift", 0.0), ("Pow", "power", 1.0)):
        number = float(one(said, key, neutral))
        if number != neutral:
            values[f"{name}/{key}"] = np.array(number, np.float32)
            nodes.append(Node(kind, (x, f"{name}/{key}"), (f"{name}/{kind}",)))
            x = f"{name}/{kind}"
    return Made([*nodes, Node("Identity", (x,), tops)], values)


def _reshape(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    sizes = layer.parameters("reshape_param").get("shape", [{}])[0].get("dim", [])
    return Made([Node("Reshape", given, tops, {"shape": [int(size) for size in sizes]})])


def _slice(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    said = layer.parameters("slice_param")
    axis = int(one(said, "axis", one(said, "slice_dim", 1)))
    points = [int(point) for point in said.get("slice_point", [])]
    if not points:
        return Made([Node("Split", given, tops, {"axis": axis})])
    nodes = []
    for top, start, end in zip(tops, [0, *points], [*points, 2**31 - 1], strict=True):
        cut = {"axes": [axis], "starts": [start], "ends": [end]}
        nodes.append(Node("Slice", given, (top,), cut))
    return Made(nodes)


def _copies(_: Layer, given: Names, tops: Names, __: Arrays) -> Made:
    return Made([Node("Identity", given[:1], (top,)) for top in tops])


def _plain(kind: str, **attributes: Any) -> Builder:
    return lambda _, given, tops, __: Made([Node(kind, given[:1], tops[:1], attributes)])


def _softmax(layer: Layer, given: Names, tops: Names, _: Arrays) -> Made:
    axis = int(one(layer.parameters("softmax_param"), "axis", 1))
    return Made([Node("Softmax", given[:1], tops[:1], {"axis": axis})])


LAYERS: dict[str, Builder] = {
    "AbsVal": _plain("Abs"),
    "BNLL": _plain("Softplus"),
    "BatchNorm": _batch_norm,
    "Concat": _concat,
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "DepthwiseConvolution": _convolution,
    "Dropout": _copies,
    "ELU": _plain("Elu"),
    "Eltwise": _eltwise,
    "Exp": _plain("Exp"),
    "Flatten": _plain("Flatten"),
    "InnerProduct": _inner_product,
    "LRN": _lrn,
    "PReLU": _prelu,
    "Pooling": _pooling,
    "Power": _power,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Scale": _scale,
    "Sigmoid": _plain("Sigmoid"),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _copies,
    "TanH": _plain("Tanh"),
}
