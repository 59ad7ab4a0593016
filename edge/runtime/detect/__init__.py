"""Face detectors, one module a network family; all return `Face`."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ModelError
from edge.runtime.detect import blazeface, centerface
from edge.runtime.detect.base import Decode, Detector, NetworkDetector
from edge.runtime.meter import Meter
from edge.runtime.model import Network, load

__all__ = ["PRESETS", "Detector", "open_detector"]

PRESETS: dict[str, tuple[str, ...]] = {
    "near": ("blazeface_short_128",),
    "far": ("centerface_384x288", "centerface_384x224"),
}
"""Preset → the cards it may mean; the one whose shape is nearest the frame's is taken."""

FAMILIES: dict[str, Decode] = {"blazeface": blazeface.decode, "centerface": centerface.decode}


def open_detector(
    name: str, folder: Path, aspect: float, *, threads: int = 1, meter: Meter | None = None
) -> Detector:
    """The detector of a preset or card name, for frames of width / height = `aspect`."""
    networks = [load(card, folder, threads) for card in PRESETS.get(name, (name,))]
    best = min(networks, key=lambda network: _mismatch(network, aspect))
    return _detector(best, meter or Meter())


def _mismatch(network: Network, aspect: float) -> float:
    """How far a network's shape is from the frame's; 1 = the same."""
    own = network.card.input.width / network.card.input.height
    return max(own / aspect, aspect / own)


def _detector(network: Network, meter: Meter) -> Detector:
    family = network.card.detecting.family
    if family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise ModelError(f"the detector family {family!r} is unknown; known are: {known}")
    return NetworkDetector(network, FAMILIES[family], meter)
