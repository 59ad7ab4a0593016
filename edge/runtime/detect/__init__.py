"""Face detectors, one module a network family; all return `Face`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import ModelError
from edge.runtime.card import Card
from edge.runtime.detect import blazeface, centerface, grid, haar, mtcnn, ssd, yunet
from edge.runtime.detect.base import Decode, Detector, NetworkDetector
from edge.runtime.detect.presets import HAAR, PRESETS, cards_of
from edge.runtime.frame import Face, Frame
from edge.runtime.meter import Meter
from edge.runtime.model import Network, load

__all__ = ["PRESETS", "Detector", "open_detector"]

MTCNN = "mtcnn"

FAMILIES: dict[str, Decode] = {
    "blazeface": blazeface.decode,
    "centerface": centerface.decode,
    "grid": grid.decode,
    "ssd": ssd.decode,
    "yunet": yunet.decode,
}


class ShapedDetector:
    """Several files of one network in different shapes: the one nearest a frame's is used."""

    def __init__(self, networks: Sequence[Network], decode: Decode, meter: Meter) -> None:
        self.card = networks[0].card
        self._networks = networks
        self._decode = decode
        self._meter = meter
        self._shape: tuple[int, ...] = ()
        self._chosen: NetworkDetector | None = None

    def detect(self, frame: Frame) -> list[Face]:
        """Find faces on `frame.small`."""
        if self._chosen is None or frame.small.shape != self._shape:
            self._shape = frame.small.shape
            aspect = self._shape[1] / self._shape[0]
            best = min(self._networks, key=lambda network: _mismatch(network.card, aspect))
            self.card = best.card
            self._chosen = NetworkDetector(best, self._decode, self._meter)
        return self._chosen.detect(frame)


def _mismatch(card: Card, aspect: float) -> float:
    """How far a network's shape is from a frame's; 1 = the same."""
    own = card.input.width / card.input.height
    return max(own / aspect, aspect / own)


def open_detector(
    name: str, folder: Path, *, threads: int = 1, meter: Meter | None = None
) -> Detector:
    """The detector of a preset or a card's name; ModelError where it can't be had."""
    if name == HAAR:
        return haar.HaarDetector(meter or Meter())
    networks = [load(card, folder, threads) for card in cards_of(name, folder)]
    families = {network.card.detecting.family for network in networks}
    family = families.pop()
    if name == MTCNN:
        return mtcnn.CascadeDetector(networks, meter or Meter())
    if families or family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise ModelError(f"the detector family {family!r} of {name!r} is not one of: {known}")
    return ShapedDetector(networks, FAMILIES[family], meter or Meter())
