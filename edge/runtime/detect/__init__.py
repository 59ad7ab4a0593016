"""Face detectors, one module a network family; all return `Face`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from edge.errors import ModelError
from edge.runtime.card import Card
from edge.runtime.detect import blazeface, centerface, grid, haar, mtcnn, ssd, yunet
from edge.runtime.detect.base import Decode, Detector, NetworkDetector, fit
from edge.runtime.detect.part import columns_of, is_cut
from edge.runtime.detect.presets import HAAR, PRESETS, cards_of
from edge.runtime.frame import EVERYWHERE, Face, Frame, Span
from edge.runtime.meter import Meter
from edge.runtime.model import Network, load, parts_of

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
    """Several files of one network in different shapes: the one nearest a frame's is used, or its
    narrower sibling where that sees all of the columns that are asked for.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        decode: Decode,
        meter: Meter,
        parts: Sequence[Network] = (),
    ) -> None:
        """`parts` are narrower siblings of `networks`, as far as they are there."""
        self.card = networks[0].card
        self._networks = networks
        self._make = partial(NetworkDetector, decode=decode, meter=meter)
        self._parts = {part.card.name: part for part in parts}
        self._shape: tuple[int, ...] = ()
        self._scale: float
        self._whole: NetworkDetector
        self._narrower: list[NetworkDetector]

    def detect(self, frame: Frame, across: Span = EVERYWHERE) -> list[Face]:
        """Find faces on `frame.small`; those wholly beyond `across` may be left out."""
        if frame.small.shape != self._shape:
            self._choose(frame.small.shape)
        for narrow in self._narrower if across is not EVERYWHERE else ():
            columns = columns_of(across, frame, self._scale, narrow.card.input.width)
            if columns is None:
                continue
            faces = narrow.detect(frame, columns)
            if any(is_cut(face, columns, frame) for face in faces):
                break  # half of a face has another size and place: look at the whole of it
            return faces
        return self._whole.detect(frame)

    def _choose(self, shape: tuple[int, ...]) -> None:
        """The networks for frames of this shape."""
        self._shape = shape
        best = min(self._networks, key=lambda network: _mismatch(network.card, shape[1] / shape[0]))
        self.card = best.card
        self._scale = fit(shape[1], shape[0], best.card.input.width, best.card.input.height).scale
        named = best.card.detecting.parts
        narrower = [self._parts[name] for name in named if name in self._parts]
        for network in (best, *narrower):
            network.prepare(1)  # now, not when somebody comes
        self._whole = self._make(best)
        self._narrower = [self._make(network) for network in narrower]


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
    named = parts_of([network.card for network in networks], folder)
    parts = [load(part, folder, threads) for part in named]
    return ShapedDetector(networks, FAMILIES[family], meter or Meter(), parts)
