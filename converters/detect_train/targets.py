"""Faces of a scene → what each cell of each grid should answer (after CenterNet, 1904.07850).

A face's nearest cell is 1, its neighbours fall off as a Gaussian with the face's size, and the
loss spares them accordingly. A face belongs to every stride whose range holds its size; just
outside the range its cells are ignored, since the size itself is uncertain there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.detect_train.scenes import Scene
from converters.detect_train.spec import KEYPOINTS, STRIDES

Floats = NDArray[np.float32]
RANGES_PX = {8: (7.0, 32.0), 16: (24.0, 72.0), 32: (56.0, 1e9)}
"""Stride → the sizes (root of width × height, network pixels) it answers for."""
SLACK = 1.25
"""A size outside the range by no more than this factor is ignored."""
SPREAD = 0.11
"""Standard deviation of the Gaussian in sizes of the face; at least SPREAD_MIN cells."""
SPREAD_MIN = 0.45
REGRESSED_MIN = 0.35
"""Cells of at least this target learn box and points too."""


class Target(NamedTuple):
    """One stride: score H × W (−1 = ignored); values H × W × 14, weight H × W of the regression.

    values: centre from the cell's centre and log of the size, in strides; points from the cell's
    centre, in strides. sizes: H × W, the face's size in strides, for relative errors.
    """

    score: Floats
    values: Floats
    weight: Floats
    sizes: Floats


def encode(scene: Scene) -> list[Target]:
    """What each stride should answer for a scene."""
    return [_level(scene, stride) for stride in STRIDES]


def _level(scene: Scene, stride: int) -> Target:
    rows, columns = (side // stride for side in scene.picture.shape[:2])
    score = np.zeros((rows, columns), np.float32)
    values = np.zeros((rows, columns, 4 + 2 * KEYPOINTS), np.float32)
    weight = np.zeros((rows, columns), np.float32)
    sizes = np.ones((rows, columns), np.float32)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) + 0.5
    least, most = RANGES_PX[stride]
    faces = zip(scene.boxes / stride, scene.points / stride, scene.ignored, strict=True)
    for box, five, skip in faces:
        wide, high = box[2:] - box[:2]
        size = float(np.sqrt(max(wide * high, 1e-6)))
        if not least / SLACK <= size * stride <= most * SLACK:
            continue
        across, down = (box[:2] + box[2:]) / 2
        if not (0 <= across < columns and 0 <= down < rows):
            continue
        spread = max(SPREAD * size, SPREAD_MIN)
        heat = np.exp(-((x - across) ** 2 + (y - down) ** 2) / (2 * spread**2))
        if skip or not least <= size * stride <= most:
            score[(heat > 0.1) & (score < 0.9)] = -1
            continue
        heat[int(down), int(across)] = 1
        known = score >= 0
        score[known] = np.maximum(score, heat)[known]
        score[int(down), int(across)] = 1
        mine = (heat >= REGRESSED_MIN) & (heat > weight)
        weight[mine] = heat[mine]
        sizes[mine] = size
        values[mine, 0], values[mine, 1] = across - x[mine], down - y[mine]
        values[mine, 2:4] = np.log((wide, high))
        cells = np.stack((x[mine], y[mine]), -1)
        values[mine, 4:] = (five[None] - cells[:, None]).reshape(-1, 2 * KEYPOINTS)
    return Target(score, values, weight, sizes)
