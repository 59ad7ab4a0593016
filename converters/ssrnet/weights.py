"""SSR-Net's weights in one form, whatever file they came from; BatchNorm already folded.

Names: `x1`..`x4` are the ReLU trunk, `s1`..`s4` the tanh trunk. Stage k has `k/s_conv`, `k/x_conv`
(1 × 1), `k/s_dense`, `k/x_dense`, `k/mix`, `k/pred`, `k/local` and `k/delta`. Stage 1 reads the
deepest features, stage 3 the shallowest. Kernels are H × W × in × out or in × out, float32; dense
kernels expect features flattened in H, W, C order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError

Array = NDArray[np.float32]
STAGES = (1, 2, 3)
BINS = 3
INPUT_PX = 64
_FEATURES = {1: 160, 2: 90, 3: 90}


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution or dense layer."""

    kernel: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class SsrNet:
    """The weights, and what differs between the original and its mxnet port.

    The port has no ReLU after the 1 × 1 convolutions of stage 1. Both compute
    output = value_range × (sum of the stages): 101 for years, 1 for a share.
    """

    layers: dict[str, Layer]
    value_range: float
    stage1_relu: bool = True

    def __post_init__(self) -> None:
        """ConvertError where a layer is missing, of another shape, or not of finite numbers."""
        wanted = shapes()
        missing = sorted(set(wanted) - set(self.layers))
        if missing:
            raise ConvertError(f"this is no SSR-Net: layers are missing: {', '.join(missing)}")
        for name, shape in wanted.items():
            layer = self.layers[name]
            if layer.kernel.shape != shape or layer.bias.shape != shape[-1:]:
                raise ConvertError(
                    f"this is no SSR-Net: layer {name} has shape {layer.kernel.shape}, not {shape}"
                )
            if not (np.isfinite(layer.kernel).all() and np.isfinite(layer.bias).all()):
                raise ConvertError(f"layer {name} holds weights that are not numbers (NaN, inf)")

    @property
    def parameters(self) -> int:
        """How many numbers the network has."""
        return sum(layer.kernel.size + layer.bias.size for layer in self.layers.values())


def shapes() -> dict[str, tuple[int, ...]]:
    """Every layer's kernel shape."""
    wanted: dict[str, tuple[int, ...]] = {}
    for trunk, channels in (("x", 32), ("s", 16)):
        for depth in (1, 2, 3, 4):
            wanted[f"{trunk}{depth}"] = (3, 3, 3 if depth == 1 else channels, channels)
        for stage in STAGES:
            wanted[f"{stage}/{trunk}_conv"] = (1, 1, channels, 10)
            wanted[f"{stage}/{trunk}_dense"] = (_FEATURES[stage], BINS)
    for stage in STAGES:
        wanted[f"{stage}/mix"] = (BINS, 2 * BINS)
        wanted[f"{stage}/pred"] = wanted[f"{stage}/local"] = (2 * BINS, BINS)
        wanted[f"{stage}/delta"] = (_FEATURES[stage], 1)
    return wanted


def fold(kernel: Array, bias: Array, norm: tuple[Array, Array, Array, Array], eps: float) -> Layer:
    """Convolution (H × W × in × out) followed by BatchNorm (gamma, beta, mean, variance) → one."""
    gamma, beta, mean, variance = (part.astype(np.float64) for part in norm)
    factor = gamma / np.sqrt(variance + eps)
    return Layer(
        (kernel * factor).astype(np.float32), (factor * (bias - mean) + beta).astype(np.float32)
    )


KERAS_LAYERS = {
    **{f"x{depth}": f"conv2d_{depth}" for depth in (1, 2, 3, 4)},
    **{f"s{depth}": f"conv2d_{depth + 4}" for depth in (1, 2, 3, 4)},
    **{f"{stage}/s_conv": f"conv2d_{7 + 2 * stage}" for stage in STAGES},
    **{f"{stage}/x_conv": f"conv2d_{8 + 2 * stage}" for stage in STAGES},
    **{f"{stage}/s_dense": f"dense_{3 * stage - 2}" for stage in STAGES},
    **{f"{stage}/x_dense": f"dense_{3 * stage - 1}" for stage in STAGES},
    **{f"{stage}/mix": f"dense_{3 * stage}" for stage in STAGES},
    **{f"{stage}/local": f"local_delta_stage{stage}" for stage in STAGES},
    **{f"{stage}/delta": f"delta_s{stage}" for stage in STAGES},
}
"""Our name → the original Keras layer's, counted from 1. `pred` differs between age and gender."""
