"""Operations on pictures: convolution, pooling, normalization over neighbours, resizing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from converters.errors import ConvertError
from converters.importers.graph.layout import Picture, Value, picture, plain, rank
from converters.importers.graph.model import Node
from converters.importers.graph.windows import Side, sides

LOWEST = np.finfo(np.float32).min


def _convolution(node: Node, given: list[Value]) -> Picture:
    x, kernel = picture(given[0]), given[1]
    _constant(kernel)
    if kernel.ndim != 4:
        raise ConvertError("only convolutions over pictures are supported")
    groups = node.get("group", 1)
    if kernel.shape[1] * groups != x.shape[-1]:
        raise ConvertError(
            f"its weights are for {kernel.shape[1] * groups} channels, it is given {x.shape[-1]}"
        )
    x, padding = _padded(x, sides(node, list(x.shape[1:3]), kernel.shape[2:]), 0)
    run = _runner(node, padding)
    y = run(x, kernel, groups)
    return Picture(y + given[2] if len(given) > 2 and given[2] is not None else y)


def _runner(node: Node, padding: str) -> Callable[[Any, Any, int], Any]:
    strides = [1, *(node.get("strides") or [1, 1]), 1]
    dilations = list(node.get("dilations") or [1, 1])

    def run(x: Any, kernel: Any, groups: int) -> Any:
        if groups == 1:
            return tf.nn.conv2d(
                x, kernel.transpose(2, 3, 1, 0), strides, padding, dilations=dilations
            )
        if kernel.shape[1] == 1 and strides[1] == strides[2]:
            split = kernel.reshape(groups, -1, *kernel.shape[2:]).transpose(2, 3, 0, 1)
            return tf.nn.depthwise_conv2d(x, split, strides, padding, dilations=dilations)
        parts = zip(tf.split(x, groups, -1), np.split(kernel, groups), strict=True)
        return tf.concat([run(part, some, 1) for part, some in parts], -1)

    return run


def _constant(kernel: Value) -> None:
    if not isinstance(kernel, np.ndarray):
        raise ConvertError("its weights are computed from the picture, which is not supported")


def _padded(x: Any, both: tuple[Side, Side], value: float) -> tuple[Any, str]:
    """The picture with its border, and the padding left for TensorFlow to add."""
    high, wide = both
    if high.same and wide.same:
        return x, "SAME"
    border = [[0, 0], [high.before, high.after + high.over], [wide.before, wide.after + wide.over]]
    if any(map(any, border)):
        x = tf.pad(x, [*border, [0, 0]], constant_values=value)
    return x, "VALID"


def _transposed(node: Node, given: list[Value]) -> Picture:
    x, kernel = picture(given[0]), given[1]
    _constant(kernel)
    if node.get("group", 1) != 1 or node.get("auto_pad", "NOTSET") != "NOTSET":
        raise ConvertError("transposed convolution in groups is not supported")
    strides, pads = node.get("strides") or [1, 1], node.get("pads") or [0, 0, 0, 0]
    more = node.get("output_padding") or [0, 0]
    whole = [(x.shape[1 + i] - 1) * strides[i] + kernel.shape[2 + i] for i in (0, 1)]
    batch = x.shape[0] or tf.shape(x)[0]
    y = tf.nn.conv2d_transpose(
        x, kernel.transpose(2, 3, 1, 0), [batch, *whole, kernel.shape[1]], strides, "VALID"
    )
    if any(pads) or any(more):
        y = tf.pad(y, [[0, 0], [0, more[0]], [0, more[1]], [0, 0]]) if any(more) else y
        ends = [whole[i] + more[i] - pads[2 + i] for i in (0, 1)]
        y = y[:, pads[0] : ends[0], pads[1] : ends[1]]
    return Picture(y + given[2] if len(given) > 2 else y)


def _max_pool(node: Node, given: list[Value]) -> Picture:
    x = picture(given[0])
    size = node.get("kernel_shape")
    if any(step != 1 for step in node.get("dilations") or [1, 1]):
        raise ConvertError("pooling with gaps is not supported")
    x, padding = _padded(x, sides(node, list(x.shape[1:3]), tuple(size)), LOWEST)
    return Picture(tf.nn.max_pool2d(x, size, node.get("strides") or [1, 1], padding))


def _average_pool(node: Node, given: list[Value]) -> Value:
    """The sum over each window, divided by how many of its places count."""
    if rank(given[0]) == 5:
        return _mean_of_neighbours(node, plain(given[0]))
    x = picture(given[0])
    size, strides = node.get("kernel_shape"), node.get("strides") or [1, 1]
    high, wide = sides(node, list(x.shape[1:3]), tuple(size))
    counted = bool(node.get("count_include_pad", 0))
    x, padding = _padded(x, (high, wide), 0)
    y = tf.nn.avg_pool2d(x, size, strides, padding)
    places = np.outer(_places(high, counted), _places(wide, counted))
    # TensorFlow's SAME divides by the places inside the picture, its VALID by the whole window.
    inside = np.outer(_places(high, False), _places(wide, False))
    divided = inside if padding == "SAME" else np.full_like(places, size[0] * size[1])
    factor = (divided / places).astype(np.float32)
    return Picture(y if (factor == 1).all() else y * factor[None, :, :, None])


def _mean_of_neighbours(node: Node, x: Any) -> Any:
    """The mean of channels side by side: how PyTorch writes normalization over neighbours."""
    deep, *flat = node.get("kernel_shape")
    if flat != [1, 1] or set(node.get("strides") or [1]) != {1} or any(node.get("pads") or [0]):
        raise ConvertError("pooling in three dimensions is not supported")
    count = x.shape[2] - deep + 1
    return tf.add_n([x[:, :, at : at + count] for at in range(deep)]) * np.float32(1 / deep)


def _places(side: Side, counted: bool) -> Any:
    """How many places of each window count: those of the picture, or of the padding as well."""
    starts = np.arange(side.count) * side.stride - side.before
    low, high = (-side.before, side.size + side.after) if counted else (0, side.size)
    return np.minimum(starts + side.window, high) - np.maximum(starts, low)


def _global(reduce: Callable[..., Any]) -> Callable[[Node, list[Value]], Picture]:
    return lambda _, given: Picture(reduce(picture(given[0]), axis=[1, 2], keepdims=True))


def _local_response(node: Node, given: list[Value]) -> Picture:
    """x / (bias + alpha/size · Σ x²)^beta over `size` neighbouring channels."""
    size = node.get("size")
    if size % 2 == 0:
        raise ConvertError(f"normalization over {size} channels, an even number, is not supported")
    alpha, beta = node.get("alpha", 1e-4) / size, node.get("beta", 0.75)
    return Picture(
        tf.nn.local_response_normalization(
            picture(given[0]), (size - 1) // 2, node.get("bias", 1.0), alpha, beta
        )
    )


def _resize(node: Node, given: list[Value]) -> Picture:
    x = picture(given[0])
    sizes = given[3] if len(given) > 3 else None
    factors = given[2] if len(given) > 2 else given[1]
    if sizes is not None:
        target = [int(sizes[2]), int(sizes[3])]
    else:
        target = [int(x.shape[1] * factors[2]), int(x.shape[2] * factors[3])]
    how = node.get("mode", "nearest")
    old = "asymmetric" if node.kind == "Upsample" else "half_pixel"
    where = node.get("coordinate_transformation_mode", old)
    whole = target[0] % x.shape[1] == 0 and target[1] % x.shape[2] == 0
    if how == "nearest" and whole:
        return Picture(tf.image.resize(x, target, "nearest"))
    floor = node.kind == "Upsample" or node.get("nearest_mode") == "floor"
    if how == "nearest" and where == "asymmetric" and floor:
        return Picture(tf.compat.v1.image.resize_nearest_neighbor(x, target))
    if how in ("linear", "bilinear") and where in BILINEAR and not node.get("antialias"):
        return Picture(tf.raw_ops.ResizeBilinear(images=x, size=target, **BILINEAR[where]))
    raise ConvertError(f"resizing by {how}, {where}, is not supported")


BILINEAR = {
    "half_pixel": {"half_pixel_centers": True},
    "pytorch_half_pixel": {"half_pixel_centers": True},
    "asymmetric": {"half_pixel_centers": False},
    "align_corners": {"align_corners": True},
}
"""ONNX's word for where pixels lie → TensorFlow's."""


def _depth_to_space(node: Node, given: list[Value]) -> Picture:
    if node.get("mode", "DCR") != "DCR":
        raise ConvertError("depth to space in the order CRD is not supported")
    return Picture(tf.nn.depth_to_space(picture(given[0]), node.get("blocksize")))


OPERATIONS: dict[str, Callable[[Node, list[Value]], Any]] = {
    "AveragePool": _average_pool,
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "DepthToSpace": _depth_to_space,
    "GlobalAveragePool": _global(tf.reduce_mean),
    "GlobalMaxPool": _global(tf.reduce_max),
    "LRN": _local_response,
    "MaxPool": _max_pool,
    "Resize": _resize,
    "Upsample": _resize,
}
