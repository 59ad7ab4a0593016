"""Caffe files of the published nets' true shapes, with generated weights.

The binary form is written here byte by byte, in both of Caffe's generations, so that the reader
is not tested against itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field_bytes(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(array: np.ndarray, *, old: bool = False, packed: bool = True) -> bytes:
    """A BlobProto; the old form says num, channels, height and width, the new one a shape."""
    values = array.astype("<f4")
    if old:
        sizes = (1,) * (4 - array.ndim) + array.shape
        head = b"".join(varint(n << 3) + varint(s) for n, s in enumerate(sizes, 1))
    else:
        head = field_bytes(7, field_bytes(1, b"".join(varint(size) for size in array.shape)))
    if packed:
        return head + field_bytes(5, values.tobytes())
    return head + b"".join(varint(5 << 3 | 5) + struct.pack("<f", v) for v in values.ravel())


def caffemodel(
    layers: dict[str, list[np.ndarray]], *, old: bool = False, packed: bool = True
) -> bytes:
    """A NetParameter with the layers' weights alone."""
    out = field_bytes(1, b"generated")
    for name, arrays in layers.items():
        blobs = [blob(array, old=old, packed=packed) for array in arrays]
        if old:
            parts = field_bytes(4, name.encode()) + b"".join(field_bytes(6, b) for b in blobs)
        else:
            parts = field_bytes(1, name.encode()) + b"".join(field_bytes(7, b) for b in blobs)
        out += field_bytes(2 if old else 100, parts)
    return out


@dataclass
class Net:
    """Writes a structure layer by layer and generates the weights as it goes."""

    side: int
    text: str = ""
    weights: dict[str, list[np.ndarray]] = field(default_factory=dict)
    shapes: dict[str, tuple[int, int]] = field(default_factory=dict)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        self.text = (
            f'name: "generated"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\n'
            f"input_dim: {self.side}\ninput_dim: {self.side}\n"
        )
        self.shapes["data"] = (3, self.side)

    def layer(self, name: str, kind: str, bottoms: list[str], top: str, said: str = "") -> str:
        below = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
        self.text += f'layer {{ name: "{name}" type: "{kind}" {below} top: "{top}" {said} }}\n'
        return top

    def conv(self, name: str, bottom: str, outputs: int, size: int, **how: int) -> str:
        stride, pad, group = how.get("stride", 1), how.get("pad", 0), how.get("group", 1)
        channels, side = self.shapes[bottom]
        shape = (outputs, channels // group, size, size)
        spread = np.sqrt(2 / np.prod(shape[1:]))
        self.weights[name] = [
            (self.random.normal(size=shape) * spread).astype(np.float32),
            (self.random.normal(size=outputs) * 0.1).astype(np.float32),
        ]
        self.shapes[name] = (outputs, (side + 2 * pad - size) // stride + 1)
        said = (
            f"num_output: {outputs} kernel_size: {size} stride: {stride} pad: {pad} group: {group}"
        )
        self.layer(name, "Convolution", [bottom], name, f"convolution_param {{ {said} }}")
        return self.layer(f"relu_{name}", "ReLU", [name], name)

    def pool(self, name: str, bottom: str, size: int, stride: int, **how: object) -> str:
        pad, kind = int(how.get("pad", 0)), how.get("kind", "MAX")
        channels, side = self.shapes[bottom]
        self.shapes[name] = (channels, -(-(side + 2 * pad - size) // stride) + 1)
        said = f"pool: {kind} kernel_size: {size} stride: {stride} pad: {pad}"
        return self.layer(name, "Pooling", [bottom], name, f"pooling_param {{ {said} }}")

    def norm(self, name: str, bottom: str) -> str:
        self.shapes[name] = self.shapes[bottom]
        said = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
        return self.layer(name, "LRN", [bottom], name, said)

    def dense(self, name: str, bottom: str, outputs: int) -> str:
        channels, side = self.shapes[bottom]
        inputs = channels * side * side
        kernel = self.random.normal(size=(outputs, inputs)) * np.sqrt(2 / inputs)
        bias = self.random.normal(size=outputs) * 0.1
        self.weights[name] = [kernel.astype(np.float32), bias.astype(np.float32)]
        self.shapes[name] = (outputs, 1)
        said = f"inner_product_param {{ num_output: {outputs} }}"
        return self.layer(name, "InnerProduct", [bottom], name, said)

    def concat(self, name: str, bottoms: list[str]) -> str:
        channels = sum(self.shapes[bottom][0] for bottom in bottoms)
        self.shapes[name] = (channels, self.shapes[bottoms[0]][1])
        return self.layer(name, "Concat", bottoms, name)


def levi_hassner(classes: int) -> Net:
    """Three convolutions and three dense layers, 227 × 227, as in deploy_age.prototxt."""
    net = Net(227)
    x = net.conv("conv1", "data", 96, 7, stride=4)
    x = net.norm("norm1", net.pool("pool1", x, 3, 2))
    x = net.conv("conv2", x, 256, 5, pad=2)
    x = net.norm("norm2", net.pool("pool2", x, 3, 2))
    x = net.conv("conv3", x, 384, 3, pad=1)
    x = net.pool("pool5", x, 3, 2)
    for name in ("fc6", "fc7"):
        x = net.dense(name, x, 512)
        net.layer(f"relu_{name}", "ReLU", [x], x)
        net.layer(f"drop_{name}", "Dropout", [x], x, "dropout_param { dropout_ratio: 0.5 }")
    net.layer("prob", "Softmax", [net.dense("fc8", x, classes)], "prob")
    return net


INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "p3": (),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "p4": (),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip
"""Block → 1×1, 3×3 reduced, 3×3, 5×5 reduced, 5×5, pooled and projected (Szegedy 2015, table 1)."""


def googlenet(classes: int) -> Net:
    """GoogLeNet, 224 × 224, with a head of `classes`."""
    net = Net(224)
    x = net.conv("conv1", "data", 64, 7, stride=2, pad=3)
    x = net.norm("norm1", net.pool("pool1", x, 3, 2))
    x = net.conv("conv2", net.conv("conv2_reduce", x, 64, 1), 192, 3, pad=1)
    x = net.pool("pool2", net.norm("norm2", x), 3, 2)
    for name, sizes in INCEPTIONS.items():
        x = _inception(net, name, x, sizes) if sizes else net.pool(name, x, 3, 2)
    x = net.pool("pool5", x, 7, 1, kind="AVE")
    net.layer("prob", "Softmax", [net.dense("loss3/classifier", x, classes)], "prob")
    return net


def _inception(net: Net, name: str, x: str, sizes: tuple[int, ...]) -> str:
    one, three_reduced, three, five_reduced, five, pooled = sizes
    parts = [
        net.conv(f"{name}/1x1", x, one, 1),
        net.conv(f"{name}/3x3", net.conv(f"{name}/3x3r", x, three_reduced, 1), three, 3, pad=1),
        net.conv(f"{name}/5x5", net.conv(f"{name}/5x5r", x, five_reduced, 1), five, 5, pad=2),
        net.conv(f"{name}/proj", net.pool(f"{name}/pool", x, 3, 1, pad=1), pooled, 1),
    ]
    return net.concat(f"{name}/output", parts)
