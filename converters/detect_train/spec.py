"""The shape of the face detector, in numbers that no framework owns.

The first layer reads blocks of 2 × 2 pixels and the deeper ones plain 3×3 convolutions at every
halving: on Arm both take few instructions for what they learn. A 3×3 first layer on three colours
takes three times the instructions of a block layer, because the fast kernels work on eight values
at a time and a pixel has three.
"""

from __future__ import annotations

from msgspec import Struct

STRIDES = (8, 16, 32)
KEYPOINTS = 5
"""Right eye, left eye, nose, right and left corner of the mouth, as the viewer's left to right."""
OUTPUTS = {"score": 1, "box": 4, "points": 2 * KEYPOINTS}
"""Output name → channels; one of each per stride."""


class Level(Struct, frozen=True, forbid_unknown_fields=True):
    """One resolution: a 3×3 convolution of stride 2 into it, then residual blocks.

    `middle` is the width of a block's 3×3 convolution between two 1×1 ones; 0 = a depthwise
    3×3 convolution and a 1×1 one.
    """

    channels: int
    blocks: int = 2
    middle: int = 0


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """An RGB picture → score, box and points on grids of stride 8, 16 and 32."""

    stem: int = 16
    """Channels at stride 2."""
    fine: int = 24
    """Channels at stride 4."""
    levels: tuple[Level, Level, Level] = (Level(48), Level(64, 2, 32), Level(64, 2, 32))
    """Strides 8, 16 and 32."""
    neck: int = 48
    """Channels in which the levels are summed, coarse into fine."""
    tower: int = 32
    """Channels before the outputs."""
