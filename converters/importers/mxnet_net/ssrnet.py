"""SSR-Net's mxnet port: its layers, for any size of picture, from the names of its weights."""

from __future__ import annotations

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph.model import Graph, Node, Weights

RANGES = {"ssrnet_mxnet_age": 101.0, "ssrnet_mxnet_gender": 1.0}
BINS = 3
EPSILON = 2e-5
TRUNKS = (("x", 0, "Relu", "AveragePool"), ("s", 4, "Tanh", "MaxPool"))
DEPTH_OF_STAGE = {1: 3, 2: 1, 3: 0}
POOL_OF_STAGE = {1: 1, 2: 4, 3: 8}


class _Builder:
    def __init__(self, weights: Weights, origin: str) -> None:
        self.weights = dict(weights)
        self.nodes: list[Node] = []
        self._origin = origin

    def add(self, kind: str, *inputs: str, name: str = "", **attributes: object) -> str:
        """One operation; → the name of its output."""
        output = name or f"v{len(self.nodes)}"
        self.nodes.append(Node(kind, inputs, (output,), attributes))
        return output

    def constant(self, name: str, values: object) -> str:
        self.weights[name] = np.asarray(values, np.float32)
        return name

    def pair(self, name: str) -> tuple[str, str]:
        """A layer's weights and bias; ConvertError where the file lacks them."""
        for part in ("weight", "bias"):
            if f"{name}_{part}" not in self.weights:
                raise ConvertError(f"{self._origin} is no SSR-Net: {name}_{part} is missing")
        return f"{name}_weight", f"{name}_bias"

    def dense(self, name: str, x: str, activation: str) -> str:
        y = self.add("Gemm", x, *self.pair(name), transB=1)
        return self.add(activation, y)

    def pool(self, kind: str, x: str, size: int) -> str:
        return self.add(kind, x, kernel_shape=[size] * 2, strides=[size] * 2)


def graph(weights: Weights, architecture: str, origin: str, size: tuple[int, int]) -> Graph:
    """The port's network for pictures of `size` (height, width)."""
    build = _Builder(weights, origin)
    features = {trunk[0]: _trunk(build, *trunk[1:]) for trunk in TRUNKS}
    total, share = "", ""
    for stage in (1, 2, 3):
        width, value = _stage(build, stage, features)
        share = build.add("Mul", share, width) if share else width
        part = build.add("Mul", share, value)
        total = build.add("Add", total, part) if total else part
    answer = build.add("Mul", total, build.constant("range", RANGES[architecture]), name="answer")
    return Graph(origin, "data", (None, 3, *size), (answer,), tuple(build.nodes), build.weights)


def _trunk(build: _Builder, first: int, activation: str, pool: str) -> list[str]:
    x, outputs = "data", []
    for number in range(first, first + 4):
        x = build.add("Conv", x, *build.pair(f"convolution{number}"))
        norm = f"batchnorm{number}"
        parts = [f"{norm}_{part}" for part in ("gamma", "beta", "moving_mean", "moving_var")]
        build.pair(f"convolution{number}")
        x = build.add(activation, build.add("BatchNormalization", x, *parts, epsilon=EPSILON))
        x = build.pool(pool, x, 2) if number < first + 3 else x
        outputs.append(x)
    return outputs


def _stage(build: _Builder, stage: int, features: dict[str, list[str]]) -> tuple[str, str]:
    """The width of a bin of this stage in bins of the one before, and the stage's value."""
    flat, narrow = {}, {}
    for shift, (trunk, pool) in enumerate((("s", "MaxPool"), ("x", "AveragePool"))):
        x = features[trunk][DEPTH_OF_STAGE[stage]]
        x = build.add("Conv", x, *build.pair(f"convolution{6 + 2 * stage + shift}"))
        if stage > 1:
            x = build.pool(pool, build.add("Relu", x), POOL_OF_STAGE[stage])
        flat[trunk] = build.add("Flatten", x, axis=1)
        narrow[trunk] = build.dense(f"fullyconnected{3 * stage - 3 + shift}", flat[trunk], "Relu")
    delta = build.dense(f"delta_s{stage}", build.add("Mul", flat["s"], flat["x"]), "Tanh")
    one, bins = build.constant("one", 1), build.constant("bins", BINS)
    width = build.add("Div", one, build.add("Mul", bins, build.add("Add", one, delta)))
    mix = build.add("Mul", narrow["s"], narrow["x"])
    mix = build.dense(f"fullyconnected{3 * stage - 1}", mix, "Relu")
    # The port's author misspelt one layer.
    weight = build.dense(f"pred_age_stage{stage}" if stage != 2 else "pred_age_stag2", mix, "Relu")
    local = build.dense(f"local_delta_stage{stage}", mix, "Tanh")
    index = build.constant("index", [list(range(BINS))])
    values = build.add("Mul", build.add("Add", local, index), weight)
    return width, build.add("ReduceSum", values, axes=[1], keepdims=1)
