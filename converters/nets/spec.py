"""The shape of an age and gender network, in numbers that no framework owns.

Plain 3×3 convolutions, ReLU6 and additions only: operators that XNNPACK runs on int8 without
leaving its partition, and whose activations have the fixed range 0..6. Arm cores run a plain
convolution in fewer instructions a multiplication than a depthwise one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Channels = Annotated[int, Meta(gt=0, le=4096)]


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """Residual blocks at one resolution, each two 3×3 convolutions.

    `stride` is that of the convolution that enters the stage; `middle` is the number of channels
    between a block's two convolutions (0 = `channels`).
    """

    channels: Channels
    blocks: Annotated[int, Meta(ge=0, le=64)] = 0
    stride: Literal[1, 2] = 2
    middle: Annotated[int, Meta(ge=0, le=4096)] = 0


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """A square RGB picture of `size` pixels → age logits (one per band) and one gender logit.

    With `face` a further logit says whether the picture shows a face at all.
    """

    size: Annotated[int, Meta(ge=8, le=512)]
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=16)]
    age_bands: int = 9
    face: bool = False

    @property
    def outputs(self) -> dict[str, int]:
        """Name → numbers that are said of a picture, in the order of the heads."""
        faces = {"face": 1} if self.face else {}
        return {"age": self.age_bands, "gender": 1} | faces


def multiplications(network: Network) -> int:
    """Multiply-adds for one face, the heads included."""
    side, before, total = network.size, 3, 0
    for stage in network.stages:
        side = -(-side // stage.stride)
        middle = stage.middle or stage.channels
        kernels = before * stage.channels + stage.blocks * 2 * stage.channels * middle
        total += side * side * 9 * kernels
        before = stage.channels
    return total + before * sum(network.outputs.values())


def parameters(network: Network) -> int:
    """Weights and biases, batch normalization folded."""
    before, total = 3, 0
    for stage in network.stages:
        middle = stage.middle or stage.channels
        total += (9 * before + 1) * stage.channels
        total += stage.blocks * (9 * 2 * stage.channels * middle + middle + stage.channels)
        before = stage.channels
    return total + (before + 1) * sum(network.outputs.values())
