"""Full frame + faces → one uint8 batch of crops, as the estimator's card asks.

This is also what training and evaluation on the workstation use, so that a network learns from
exactly the pixels it will be shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Face, Image, Keypoints
from edge.runtime.networks.card import Alignment, Crop, Input

Affine = NDArray[np.float64]

MAX_REDUCTION = 32
"""A crop is averaged over this many pixels a side at most, which bounds its cost."""


def cut(full: Image, faces: Sequence[Face], crop: Crop, size: Input, family: str = "") -> Image:
    """N faces of a BGR frame → N × height × width × 3 (grey: 1) uint8 in the card's colours.

    Pixels outside the frame repeat its edge. `family` is the detector's, for its own margin.
    """
    batch = np.empty((len(faces), size.height, size.width, 3), np.uint8)
    for row, face in zip(batch, faces, strict=True):
        _warp(full, _transform(face, crop, size, family), row)
    return coloured(batch, size.colour)


def coloured(batch: Image, colour: str) -> Image:
    """N × height × width × 3 BGR → the same in the order `colour`; grey: N × height × width × 1."""
    if colour == "rgb":
        return np.ascontiguousarray(batch[..., ::-1])
    if colour == "grey":
        rows = batch.reshape(-1, batch.shape[2], 3)
        grey = cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY).reshape(*batch.shape[:3], 1)
        return np.asarray(grey, np.uint8)
    return batch


def _transform(face: Face, crop: Crop, size: Input, family: str) -> Affine:
    """The 2 × 3 matrix from the full frame's pixels to the crop's."""
    longer = max(face.box.width, face.box.height)
    if crop.alignment is not None and face.keypoints is not None:
        matrix = similarity(face.keypoints, crop.alignment, size)
        # Landmarks that contradict their own box (all in one spot, say) are not believed.
        if 0.5 * longer < size.width / max(_scale(matrix), 1e-9) < 6 * longer:
            return matrix
    side = longer * (1 + 2 * crop.margins.get(family, crop.margin))
    scale = min(size.width, size.height) / side
    x, y = face.box.centre
    # Centres are between pixels: pixel i covers i..i+1, warpAffine counts from its middle.
    return np.array(
        [
            [scale, 0, size.width / 2 - 0.5 - scale * (x - 0.5)],
            [0, scale, size.height / 2 - 0.5 - scale * (y - 0.5)],
        ]
    )


def similarity(keypoints: Keypoints, alignment: Alignment, size: Input) -> Affine:
    """Least-squares rotation, uniform scale and shift from the keypoints to the template.

    In complex numbers w ≈ a·z + b, so a = Σ conj(z−z̄)(w−w̄) / Σ|z−z̄|² (Umeyama 1991, without
    reflection).
    """
    template = (alignment.right_eye, alignment.left_eye, alignment.nose, alignment.mouth)
    z = np.array([complex(p.x - 0.5, p.y - 0.5) for p in keypoints])
    w = np.array([complex(u * size.width - 0.5, v * size.height - 0.5) for u, v in template])
    spread = z - z.mean()
    weight = max(float(np.vdot(spread, spread).real), 1e-9)
    a = complex(np.vdot(spread, w - w.mean())) / weight
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def _warp(full: Image, matrix: Affine, out: Image) -> None:
    """Fill `out` from `full`; a strong reduction averages first, since bilinear would alias."""
    height, width = out.shape[:2]
    factor = min(int(1 / _scale(matrix)), MAX_REDUCTION)
    if factor < 2:
        cv2.warpAffine(full, matrix, (width, height), out, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        return
    large = cv2.warpAffine(
        full,
        _magnified(matrix, factor),
        (width * factor, height * factor),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    cv2.resize(large, (width, height), out, interpolation=cv2.INTER_AREA)


def _scale(matrix: Affine) -> float:
    """How many crop pixels a frame pixel becomes."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def _magnified(matrix: Affine, factor: int) -> Affine:
    """`matrix`, followed by an enlargement that keeps pixel areas in place."""
    larger = matrix * factor
    larger[:, 2] += (factor - 1) / 2
    return larger
