"""Networks whose published files hold weights alone, built layer by layer as their authors did.

Layers stand in the order in which their weights are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from converters.errors import ConvertError

SIDE_PX = 224
"""VGG-Face's and MobileNet's input."""


def build(name: str) -> keras.Model:
    """The network `name`, without weights."""
    if name not in ARCHITECTURES:
        raise ConvertError(f"the architecture {name!r} is none of {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]()


def wide_resnet(depth: int = 16, widening: int = 8, side_px: int = 64) -> keras.Model:
    """Zagoruyko and Komodakis 2016, with two heads: gender (2), then age (101)."""
    image = keras.Input((side_px, side_px, 3))
    x = _convolution(16, 3)(image)
    for stage, stride in ((1, 1), (2, 2), (4, 2)):
        for block in range((depth - 4) // 6):
            x = _wide_block(x, 16 * stage * widening, stride if block == 0 else 1)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.AveragePooling2D(8, 1, "same")(x))
    heads = [
        layers.Dense(units, use_bias=False, activation="softmax", name=name)(x)
        for name, units in (("pred_gender", 2), ("pred_age", 101))
    ]
    return keras.Model(image, heads)


def _convolution(filters: int, size: int, stride: int = 1) -> Any:
    return layers.Conv2D(filters, size, stride, "same", use_bias=False)


def _wide_block(x: Any, filters: int, stride: int) -> Any:
    inside = layers.Activation("relu")(layers.BatchNormalization()(x))
    changed = x.shape[-1] != filters
    y = _convolution(filters, 3, stride)(inside)
    y = _convolution(filters, 3)(layers.Activation("relu")(layers.BatchNormalization()(y)))
    return layers.Add()([y, _convolution(filters, 1, stride)(inside) if changed else x])


def vgg_face(classes: int, width: int = 64) -> keras.Model:
    """Parkhi, Vedaldi and Zisserman 2015, its last layer exchanged for `classes`."""
    image = keras.Input((SIDE_PX, SIDE_PX, 3))
    x = image
    for stage, (factor, count) in enumerate(((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))):
        for number in range(count):
            x = layers.ZeroPadding2D()(x)
            name = f"conv{stage + 1}_{number + 1}"
            x = layers.Conv2D(width * factor, 3, activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, 2)(x)
    x = layers.Conv2D(width * 64, 7, activation="relu")(x)
    x = layers.Conv2D(width * 64, 1, activation="relu")(layers.Dropout(0.5)(x))
    x = layers.Conv2D(classes, 1, name="predictions")(layers.Dropout(0.5)(x))
    return keras.Model(image, layers.Activation("softmax")(layers.Flatten()(x)))


def mobilenet(side_px: int = SIDE_PX, alpha: float = 1.0) -> keras.Model:
    """Howard et al. 2017 with two heads: gender (2), then age (21)."""
    image = keras.Input((side_px, side_px, 3))
    base = keras.applications.MobileNet(
        input_shape=(side_px, side_px, 3), alpha=alpha, include_top=False, weights=None
    )
    x = layers.GlobalAveragePooling2D()(base(image))
    x = layers.Dense(1024, activation="relu")(layers.Dropout(0.5)(x))
    gender = layers.Dense(2, activation="softmax", name="gender")(x)
    return keras.Model(image, [gender, layers.Dense(21, activation="softmax", name="age")(x)])


def resnet50(classes: int, side_px: int = 256) -> keras.Model:
    """He et al. 2016, largest value of each channel, a hidden layer of 100."""
    base = keras.applications.ResNet50(
        input_shape=(side_px, side_px, 3), include_top=False, weights=None
    )
    x = layers.Dropout(0.5)(layers.GlobalMaxPooling2D()(base.output))
    x = layers.Dropout(0.5)(layers.Dense(100, activation="relu")(x))
    activation = "sigmoid" if classes == 1 else "softmax"
    return keras.Model(base.input, layers.Dense(classes, activation=activation)(x))


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {
    "wide_resnet_16_8": wide_resnet,
    "vgg_face_age": lambda: vgg_face(101),
    "vgg_face_gender": lambda: vgg_face(2),
    "mobilenet_21": mobilenet,
    "resnet50_8": lambda: resnet50(8),
    "resnet50_1": lambda: resnet50(1),
}
