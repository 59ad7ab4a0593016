"""Run every shipped network on pictures made from a seed; here and on Arm alike.

python every_model.py OUT.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

import models_tflite
from edge.runtime.networks.card import read_card, read_model
from edge.runtime.networks.model import Network

SEED = 20260101
FOLDER = Path(models_tflite.__path__[0])


def picture(height: int, width: int) -> np.ndarray:
    """height × width × 3 uint8: a head-like blob on a gradient, with noise; integers alone."""
    noise = np.random.default_rng(SEED)
    rows = np.arange(height)[:, None, None] * 255 // max(height - 1, 1)
    columns = np.arange(width)[None, :, None] * 255 // max(width - 1, 1)
    field = (rows + columns) // 2 + noise.integers(0, 40, (height, width, 3))
    centre = ((rows - 128) ** 2 * 2 + (columns - 128) ** 2 * 3) < 20_000
    return np.where(centre, field // 2 + 110, field).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Every output of every network into one file; which of them run on XNNPACK on stdout."""
    cv2.setNumThreads(1)
    outputs = {}
    for path in sorted(FOLDER.glob("*.json")):
        card = read_card(path)
        network = Network(card, read_model(card, path.with_suffix(".tflite")))
        size = card.input
        upright = picture(size.height, size.width)
        batch = np.ascontiguousarray(np.stack([upright, upright[::-1]]))
        # As the product does: detectors see one frame at a time, estimators several faces.
        parts = [batch] if card.estimator else [batch[:1], batch[1:]]
        for number, tensors in enumerate(zip(*map(network.run, parts), strict=True)):
            outputs[f"{path.stem}/{number}"] = np.concatenate(tensors)
        print(path.stem, "XNNPACK" if network.delegated else "plain")
    np.savez(sys.argv[1], **outputs)


if __name__ == "__main__":
    main()
