"""Inception v3 and Inception-ResNet v1 as TF-Slim builds them, in their true shapes.

Layers, names and sizes are those of slim's inception_v3_base and of
BoyuanJiang/Age-Gender-Estimate-TF's inception_resnet_v1.py; TF-Slim itself went with TensorFlow 1.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np


class Slim:
    """slim.conv2d and its fellows. training: True or False as Python knows it, or a tensor.

    fused: whether normalization is one operation (TensorFlow 1.4 on) or several.
    """

    def __init__(self, training: Any, fused: bool) -> None:
        self.tf = importlib.import_module("tensorflow")
        self.v1 = self.tf.compat.v1
        self.training, self.fused = training, fused
        self.random = np.random.default_rng(0)

    def variable(self, name: str, values: np.ndarray) -> Any:
        start = self.v1.constant_initializer(values.astype(np.float32))
        return self.v1.get_variable(name, values.shape, initializer=start, use_resource=False)

    def conv(self, x: Any, name: str, filters: int, *window: Any, plain: bool = False) -> Any:
        """window: size, stride and padding, as far as they are not 1, 1 and SAME."""
        size, stride, padding = (*window, *(1, 1, "SAME")[len(window) :])
        high, wide = size if isinstance(size, tuple) else (size, size)
        shape = (high, wide, int(x.shape[3]), filters)
        with self.v1.variable_scope(name):
            spread = np.sqrt(2 / np.prod(shape[:3]))
            kernel = self.variable("weights", self.random.normal(size=shape) * spread)
            y = self.tf.nn.conv2d(x, kernel, stride, padding, name="Conv2D")
            if plain:
                bias = self.variable("biases", self.random.normal(size=filters) * 0.1)
                return self.tf.nn.bias_add(y, bias, name="BiasAdd")
            return self.tf.nn.relu(self.normal(y))

    def normal(self, x: Any) -> Any:
        size = int(x.shape[-1])
        with self.v1.variable_scope("BatchNorm"):
            shift = self.variable("beta", self.random.normal(size=size) * 0.1)
            mean = self.variable("moving_mean", self.random.normal(size=size) * 0.1)
            spread = self.variable("moving_variance", self.random.uniform(0.5, 1.5, size))
            if not isinstance(self.training, bool):
                return self.v1.cond(
                    self.training,
                    lambda: self._normal(x, shift, None, None),
                    lambda: self._normal(x, shift, mean, spread),
                )
            return self._normal(x, shift, *((None, None) if self.training else (mean, spread)))

    def _normal(self, x: Any, shift: Any, mean: Any, spread: Any) -> Any:
        if self.fused and len(x.shape) == 4:
            ones = self.tf.ones(shift.shape)
            return self.v1.nn.fused_batch_norm(
                x, ones, shift, mean, spread, epsilon=1e-3, is_training=mean is None
            )[0]
        if mean is None:
            mean, spread = self.v1.nn.moments(x, list(range(len(x.shape) - 1)), name="moments")
        return self.tf.nn.batch_normalization(x, mean, spread, shift, None, 1e-3)

    def dense(self, x: Any, name: str, units: int, normal: bool = False) -> Any:
        shape = (int(x.shape[1]), units)
        with self.v1.variable_scope(name):
            kernel = self.variable("weights", self.random.normal(size=shape) / np.sqrt(shape[0]))
            y = self.tf.matmul(x, kernel)
            if normal:
                return self.normal(y)
            bias = self.variable("biases", self.random.normal(size=units))
            return self.tf.nn.bias_add(y, bias, name="BiasAdd")

    def row(self, x: Any, *steps: tuple[Any, ...]) -> Any:
        """Convolutions one after the other."""
        for name, *rest in steps:
            x = self.conv(x, name, *rest)
        return x

    def block(self, name: str, *branches: Any) -> Any:
        """Branches side by side, each a function that is called in a scope of its own."""
        with self.v1.variable_scope(name):
            made = []
            for number, branch in enumerate(branches):
                with self.v1.variable_scope(f"Branch_{number}"):
                    made += parts if isinstance(parts := branch(), list) else [parts]
            return self.tf.concat(made, 3)

    def largest(self, x: Any, stride: int = 2, padding: str = "VALID") -> Any:
        return self.tf.nn.max_pool2d(x, 3, stride, padding)

    def mean(self, x: Any) -> Any:
        return self.tf.nn.avg_pool2d(x, 3, 1, "SAME")


def inception_v3(slim: Slim, image: Any, classes: int) -> Any:
    """rude-carnie's model.py: slim's base, a mean, a matrix; → its logits, output/output."""
    with slim.v1.variable_scope("InceptionV3"):
        x = slim.row(
            image, ("Conv2d_1a_3x3", 32, 3, 2, "VALID"), ("Conv2d_2a_3x3", 32, 3, 1, "VALID"),
            ("Conv2d_2b_3x3", 64, 3),
        )  # fmt: skip
        x = slim.largest(x)
        x = slim.row(x, ("Conv2d_3b_1x1", 80, 1, 1, "VALID"), ("Conv2d_4a_3x3", 192, 3, 1, "VALID"))
        x = slim.largest(x)
        for name, pooled in (("5b", 32), ("5c", 64), ("5d", 64)):
            x = _small(slim, f"Mixed_{name}", x, pooled)
        x = slim.block(
            "Mixed_6a",
            lambda x=x: slim.conv(x, "a", 384, 3, 2, "VALID"),
            lambda x=x: slim.row(x, ("a", 64), ("b", 96, 3), ("c", 96, 3, 2, "VALID")),
            lambda x=x: slim.largest(x),
        )
        for name, width in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
            x = _middle(slim, f"Mixed_{name}", x, width)
        x = slim.block(
            "Mixed_7a",
            lambda x=x: slim.row(x, ("a", 192), ("b", 320, 3, 2, "VALID")),
            lambda x=x: slim.row(
                x, ("a", 192), ("b", 192, (1, 7)), ("c", 192, (7, 1)), ("d", 192, 3, 2, "VALID")
            ),
            lambda x=x: slim.largest(x),
        )
        for name in ("7b", "7c"):
            x = _large(slim, f"Mixed_{name}", x)
        x = slim.tf.nn.avg_pool2d(x, [int(x.shape[1]), int(x.shape[2])], 1, "VALID")
        x = slim.tf.reshape(x, [-1, 2048])
    with slim.v1.variable_scope("output") as scope:
        weights = slim.variable("weights", slim.random.normal(size=(2048, classes)) * 0.03)
        biases = slim.variable("biases", slim.random.normal(size=classes))
        return slim.v1.add(slim.tf.matmul(x, weights), biases, name=scope.name)


def _small(slim: Slim, name: str, x: Any, pooled: int) -> Any:
    return slim.block(
        name,
        lambda: slim.conv(x, "a", 64),
        lambda: slim.row(x, ("a", 48), ("b", 64, 5)),
        lambda: slim.row(x, ("a", 64), ("b", 96, 3), ("c", 96, 3)),
        lambda: slim.conv(slim.mean(x), "b", pooled),
    )


def _middle(slim: Slim, name: str, x: Any, n: int) -> Any:
    high, wide = (7, 1), (1, 7)
    return slim.block(
        name,
        lambda: slim.conv(x, "a", 192),
        lambda: slim.row(x, ("a", n), ("b", n, wide), ("c", 192, high)),
        lambda: slim.row(
            x, ("a", n), ("b", n, high), ("c", n, wide), ("d", n, high), ("e", 192, wide)
        ),
        lambda: slim.conv(slim.mean(x), "b", 192),
    )


def _large(slim: Slim, name: str, x: Any) -> Any:
    def both(y: Any) -> list[Any]:
        return [slim.conv(y, "w", 384, (1, 3)), slim.conv(y, "h", 384, (3, 1))]

    return slim.block(
        name,
        lambda: slim.conv(x, "a", 320),
        lambda: both(slim.conv(x, "a", 384)),
        lambda: both(slim.row(x, ("a", 448), ("b", 384, 3))),
        lambda: slim.conv(slim.mean(x), "b", 192),
    )


def inception_resnet(slim: Slim, image: Any, keep: Any) -> tuple[Any, Any]:
    """inception_resnet_v1.py: → the logits of age (101) and gender (2)."""
    with slim.v1.variable_scope("InceptionResnetV1"):
        x = slim.row(
            image, ("Conv2d_1a_3x3", 32, 3, 2, "VALID"), ("Conv2d_2a_3x3", 32, 3, 1, "VALID"),
            ("Conv2d_2b_3x3", 64, 3),
        )  # fmt: skip
        x = slim.row(
            slim.largest(x), ("Conv2d_3b_1x1", 80, 1, 1, "VALID"),
            ("Conv2d_4a_3x3", 192, 3, 1, "VALID"), ("Conv2d_4b_3x3", 256, 3, 2, "VALID"),
        )  # fmt: skip
        for number in range(5):
            x = _residual(slim, f"Repeat/block35_{number + 1}", x, 0.17, *A)
        x = slim.block(
            "Mixed_6a",
            lambda x=x: slim.conv(x, "a", 384, 3, 2, "VALID"),
            lambda x=x: slim.row(x, ("a", 192), ("b", 192, 3), ("c", 256, 3, 2, "VALID")),
            lambda x=x: slim.largest(x),
        )
        for number in range(10):
            x = _residual(slim, f"Repeat_1/block17_{number + 1}", x, 0.10, *B)
        x = slim.block(
            "Mixed_7a",
            lambda x=x: slim.row(x, ("a", 256), ("b", 384, 3, 2, "VALID")),
            lambda x=x: slim.row(x, ("a", 256), ("b", 256, 3, 2, "VALID")),
            lambda x=x: slim.row(x, ("a", 256), ("b", 256, 3), ("c", 256, 3, 2, "VALID")),
            lambda x=x: slim.largest(x),
        )
        for number in range(5):
            x = _residual(slim, f"Repeat_2/block8_{number + 1}", x, 0.20, *C)
        x = _residual(slim, "Block8", x, 1.0, *C, last=True)
        x = slim.tf.nn.avg_pool2d(x, [int(x.shape[1]), int(x.shape[2])], 1, "VALID")
        x = slim.tf.reshape(x, [-1, int(x.shape[3])])
        x = slim.v1.cond(slim.training, lambda: slim.v1.nn.dropout(x, keep), lambda: x)
        x = slim.dense(x, "Bottleneck", 128, normal=True)
    return slim.dense(x, "logits/age", 101), slim.dense(x, "logits/gender", 2)


A = ((("a", 32),), (("a", 32), ("b", 32, 3)), (("a", 32), ("b", 32, 3), ("c", 32, 3)))
B = ((("a", 128),), (("a", 128), ("b", 128, (1, 7)), ("c", 128, (7, 1))))
C = ((("a", 192),), (("a", 192), ("b", 192, (1, 3)), ("c", 192, (3, 1))))
"""Branches of the three kinds of residual block."""


def _residual(slim: Slim, name: str, x: Any, scale: float, *rows: Any, last: bool = False) -> Any:
    mixed = slim.block(name, *(lambda row=row: slim.row(x, *row) for row in rows))
    with slim.v1.variable_scope(name):
        y = x + scale * slim.conv(mixed, "Conv2d_1x1", int(x.shape[3]), plain=True)
        return y if last else slim.tf.nn.relu(y)
