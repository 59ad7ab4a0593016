"""Which arguments of which layers are taken from a file, and what older versions called them."""

from __future__ import annotations

from typing import Any

from converters.errors import ConvertError

Config = dict[str, Any]
OLD_HARD_SIGMOID = "hard_sigmoid of Keras 2"
"""Keras 3 gave the name to another line."""

_WINDOW = ("strides", "padding")
_KERNEL = (*_WINDOW, "dilation_rate", "use_bias", "activation")
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Activation": ("activation",),
    "ActivityRegularization": (),
    "Add": (),
    "Average": (),
    "AveragePooling2D": ("pool_size", *_WINDOW),
    "BatchNormalization": ("axis", "epsilon", "center", "scale"),
    "Concatenate": ("axis",),
    "Conv2D": ("filters", "kernel_size", "groups", *_KERNEL),
    "Conv2DTranspose": ("filters", "kernel_size", "output_padding", *_KERNEL),
    "Cropping2D": ("cropping",),
    "Dense": ("units", "use_bias", "activation"),
    "DepthwiseConv2D": ("kernel_size", "depth_multiplier", *_KERNEL),
    "Dropout": ("rate",),
    "ELU": ("alpha",),
    "Flatten": (),
    "GaussianDropout": ("rate",),
    "GaussianNoise": ("stddev",),
    "GlobalAveragePooling2D": ("keepdims",),
    "GlobalMaxPooling2D": ("keepdims",),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "LeakyReLU": ("negative_slope",),
    "MaxPooling2D": ("pool_size", *_WINDOW),
    "Maximum": (),
    "Minimum": (),
    "Multiply": (),
    "Normalization": ("axis", "mean", "variance"),
    "PReLU": ("shared_axes",),
    "Permute": ("dims",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "SeparableConv2D": ("filters", "kernel_size", "depth_multiplier", *_KERNEL),
    "Softmax": ("axis",),
    "SpatialDropout2D": ("rate",),
    "Subtract": (),
    "UpSampling2D": ("size", "interpolation"),
    "ZeroPadding2D": ("padding",),
}  # fmt: skip
"""Layer → the arguments that decide what it computes."""
OLD_KINDS = {
    "Convolution2D": "Conv2D", "AtrousConvolution2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D", "MaxPool2D": "MaxPooling2D",
    "AvgPool2D": "AveragePooling2D", "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D", "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization", "SyncBatchNormalization": "BatchNormalization",
    "Merge": "Merge",
}  # fmt: skip
ARGUMENTS.update({old: ARGUMENTS.get(new, ()) for old, new in OLD_KINDS.items()})
OLD_ARGUMENTS = {
    "nb_filter": "filters", "output_dim": "units", "border_mode": "padding", "p": "rate",
    "subsample": "strides", "bias": "use_bias", "atrous_rate": "dilation_rate",
    "alpha": "negative_slope",
}  # fmt: skip
KEEP = {"ELU": ("alpha",)}
"""Layers in which a word of OLD_ARGUMENTS is the current one."""
MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate",
}  # fmt: skip
ACTIVATIONS = (
    "elu", "exponential", "gelu", "hard_sigmoid", "hard_swish", "hard_silu", "leaky_relu", "linear",
    "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus",
    "softsign", "swish", "tanh",
)  # fmt: skip
CHANNELS_FIRST = ("th", "channels_first")


def arguments(kind: str, said: Config, where: str) -> tuple[str, Config]:
    """The layer's current name and its arguments, in the current words."""
    if CHANNELS_FIRST.count(str(said.get("dim_ordering") or said.get("data_format"))):
        raise ConvertError(
            f"{where} counts channels first (Theano's order): save the model in TensorFlow's order"
        )
    if kind == "Merge":
        return _merge(said, where)
    kind = OLD_KINDS.get(kind, kind)
    current = {_word(kind, key): value for key, value in said.items()}
    if "nb_row" in said:
        current["kernel_size"] = (said["nb_row"], said["nb_col"])
    found = {
        key: _plain(current[key], f"{where}, {key}") for key in ARGUMENTS[kind] if key in current
    }
    if "activation" in found:
        found["activation"] = _activation(current["activation"], where)
    if kind == "BatchNormalization" and said.get("mode", 0):
        raise ConvertError(f"{where} normalizes by mode {said['mode']}, which is not supported")
    if kind in ("BatchNormalization", "LayerNormalization", "Normalization"):
        found["axis"] = _axis(found.get("axis", -1))
    return kind, found


def _word(kind: str, key: str) -> str:
    return key if key in KEEP.get(kind, ()) else OLD_ARGUMENTS.get(key, key)


def _merge(said: Config, where: str) -> tuple[str, Config]:
    mode = said.get("mode")
    if mode not in MERGES:
        raise ConvertError(f"{where} merges by {mode!r}, which is not supported")
    axis = {"axis": said.get("concat_axis", -1)} if mode == "concat" else {}
    return MERGES[mode], axis


def _plain(value: Any, where: str) -> Any:
    """Numbers, words and lists of them; anything else would be an object to build."""
    if isinstance(value, list):
        return tuple(_plain(part, where) for part in value)
    if isinstance(value, dict) and not where.endswith("activation"):
        raise ConvertError(f"{where} is an object, where a number was expected")
    return value


def _activation(value: Any, where: str) -> str:
    """The activation's name. Keras 3 may write a table round it."""
    if isinstance(value, dict):
        value = (
            value.get("config") if isinstance(value.get("config"), str) else value.get("class_name")
        )
    if value is None:
        return "linear"
    name = str(value)
    if name == OLD_HARD_SIGMOID:
        return name
    name = name.lower()
    if name not in ACTIVATIONS:
        raise ConvertError(
            f"{where} has the activation {str(value)!r}, which is none of Keras's own: code from "
            "a file is never run"
        )
    return name


def _axis(value: Any) -> Any:
    """Some versions write [3] for 3."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value
