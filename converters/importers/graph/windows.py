"""How far windows reach: padding and counts of convolutions and poolings, by ONNX's rules."""

from __future__ import annotations

from dataclasses import dataclass

from converters.importers.graph.model import Node


@dataclass(frozen=True, slots=True)
class Side:
    """One axis: `before` and `after` are padding, `over` is how far the last window hangs over."""

    size: int
    window: int
    stride: int
    before: int
    after: int
    over: int = 0

    @property
    def count(self) -> int:
        """How many windows there are."""
        reach = self.size + self.before + self.after + self.over
        return (reach - self.window) // self.stride + 1

    @property
    def same(self) -> bool:
        """Whether TensorFlow's SAME pads just so."""
        count = -(-self.size // self.stride)
        total = max((count - 1) * self.stride + self.window - self.size, 0)
        return (total // 2, total - total // 2) == (self.before, self.after + self.over)


def sides(node: Node, sizes: list[int], kernel: tuple[int, ...]) -> tuple[Side, Side]:
    """Height's and width's, for a window of `kernel` over a picture of `sizes`."""
    strides = node.get("strides") or [1, 1]
    dilations = node.get("dilations") or [1, 1]
    pads = node.get("pads") or [0, 0, 0, 0]
    made = []
    for axis in (0, 1):
        window = (kernel[axis] - 1) * dilations[axis] + 1
        before, after = _padding(
            node, sizes[axis], window, strides[axis], (pads[axis], pads[axis + 2])
        )
        side = Side(sizes[axis], window, strides[axis], before, after)
        made.append(_rounded_up(side) if node.get("ceil_mode") else side)
    return made[0], made[1]


def _padding(
    node: Node, size: int, window: int, stride: int, pads: tuple[int, int]
) -> tuple[int, int]:
    how = node.get("auto_pad", "NOTSET")
    if how == "VALID":
        return 0, 0
    if how not in ("SAME_UPPER", "SAME_LOWER"):
        return pads
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if how == "SAME_UPPER" else (more, less)


def _rounded_up(side: Side) -> Side:
    """One more window where a part of one is left, unless it would begin in the padding."""
    padded = side.size + side.before + side.after
    count = -(-(padded - side.window) // side.stride) + 1
    if (count - 1) * side.stride >= side.size + side.before:
        count -= 1
    over = max((count - 1) * side.stride + side.window - padded, 0)
    return Side(side.size, side.window, side.stride, side.before, side.after, over)
