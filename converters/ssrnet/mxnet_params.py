"""The mxnet port's `.params` → SsrNet.

Convolutions are out × in × H × W, dense layers out × in with features flattened in C, H, W order.
"""

from __future__ import annotations

from converters.errors import ConvertError
from converters.importers.mxnet_net import params
from converters.ssrnet.weights import STAGES, Array, Layer, SsrNet, fold

EPSILON = 2e-5
_SIDE = {1: 4, 2: 3, 3: 3}
_STEM = {
    **{f"x{depth}": f"convolution{depth - 1}" for depth in (1, 2, 3, 4)},
    **{f"s{depth}": f"convolution{depth + 3}" for depth in (1, 2, 3, 4)},
}


def load(content: bytes, value_range: float) -> SsrNet:
    """A `.params` file's content → the network."""
    arrays = params.read(content)
    try:
        return SsrNet(_layers(arrays), value_range, stage1_relu=False)
    except KeyError as error:
        raise ConvertError(f"these mxnet parameters are no SSR-Net: {error} is missing") from error


def _layers(arrays: dict[str, Array]) -> dict[str, Layer]:
    layers = {}
    for ours, theirs in _STEM.items():
        norm = theirs.replace("convolution", "batchnorm")
        kernel, bias = _pair(arrays, theirs)
        parts = (arrays[f"arg:{norm}_gamma"], arrays[f"arg:{norm}_beta"])
        moments = (arrays[f"aux:{norm}_moving_mean"], arrays[f"aux:{norm}_moving_var"])
        layers[ours] = fold(kernel.transpose(2, 3, 1, 0), bias, (*parts, *moments), EPSILON)
    for stage in STAGES:
        layers.update(_stage(arrays, stage))
    return layers


def _stage(arrays: dict[str, Array], stage: int) -> dict[str, Layer]:
    layers = {}
    for trunk, shift in (("s", 0), ("x", 1)):
        kernel, bias = _pair(arrays, f"convolution{6 + 2 * stage + shift}")
        layers[f"{stage}/{trunk}_conv"] = Layer(kernel.transpose(2, 3, 1, 0), bias)
        dense, bias = _pair(arrays, f"fullyconnected{3 * stage - 3 + shift}")
        layers[f"{stage}/{trunk}_dense"] = Layer(_from_chw(dense, stage), bias)
    kernel, bias = _pair(arrays, f"delta_s{stage}")
    layers[f"{stage}/delta"] = Layer(_from_chw(kernel, stage), bias)
    # The port's author misspelt one layer.
    pred = f"pred_age_stage{stage}" if stage != 2 else "pred_age_stag2"
    plain = {"mix": f"fullyconnected{3 * stage - 1}", "pred": pred}
    plain["local"] = f"local_delta_stage{stage}"
    for ours, theirs in plain.items():
        kernel, bias = _pair(arrays, theirs)
        layers[f"{stage}/{ours}"] = Layer(kernel.T.copy(), bias)
    return layers


def _pair(arrays: dict[str, Array], name: str) -> tuple[Array, Array]:
    return arrays[f"arg:{name}_weight"], arrays[f"arg:{name}_bias"]


def _from_chw(kernel: Array, stage: int) -> Array:
    """out × (C·H·W) → (H·W·C) × out."""
    side = _SIDE[stage]
    square = kernel.reshape(-1, 10, side, side)
    return square.transpose(2, 3, 1, 0).reshape(-1, kernel.shape[0]).copy()
