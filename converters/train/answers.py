"""Crops → a network's logits, and how good those are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from converters.labels import ADULT_BAND, BAND_MIDDLES


def tensor(pixels: NDArray[np.uint8], device: str) -> Tensor:
    """N × H × W × 3 uint8 → N × 3 × H × W float 0..1, channels last in memory."""
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 255


class Logits(NamedTuple):
    """Of N crops: age N × bands, gender N, face N (0 where the network does not say it)."""

    age: NDArray[np.float32]
    gender: NDArray[np.float32]
    face: NDArray[np.float32]


@torch.no_grad()
def logits(network: torch.nn.Module, crops: NDArray[np.uint8]) -> Logits:
    """N × size × size × 3 uint8 → what the network says of them."""
    network.eval()
    device = next(network.parameters()).device.type
    parts = [network(tensor(crops[i : i + 256], device)) for i in range(0, len(crops), 256)]
    return Logits(*(torch.cat(p).float().cpu().numpy() for p in zip(*parts, strict=True)))


def figures(
    age: NDArray[np.float32],
    gender: NDArray[np.float32],
    band: NDArray[np.int64],
    female: NDArray[np.bool_],
) -> dict[str, float]:
    """Accuracies (0..1) and the error of the expected age against the band's middle, years."""
    off = np.abs(age.argmax(1) - band)
    chance = np.exp(age - age.max(1, keepdims=True))
    years = chance @ np.array(BAND_MIDDLES) / chance.sum(1)
    right = (gender > 0) == female
    return {
        "exact": float((off == 0).mean()),
        "one_off": float((off <= 1).mean()),
        "years": float(np.abs(years - np.array(BAND_MIDDLES)[band]).mean()),
        "gender": float(right.mean()),
        "gender_adults": float(right[band >= ADULT_BAND].mean()),
    }
