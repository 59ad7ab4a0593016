"""Face detectors, one module a network family; all return `Face`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge.errors import ModelError
from edge.runtime.detect import blazeface, centerface, grid, haar, mtcnn, ssd, yunet
from edge.runtime.detect.base import Decode, Detector, NetworkDetector, fit
from edge.runtime.detect.region import columns_of, is_cut, is_cut_by, slices_of
from edge.runtime.detect.rescore import Rescorer
from edge.runtime.detect.trial import try_decoder
from edge.runtime.frame import EVERYWHERE, Face, Frame, Region, Tile, seen_shrunk
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Card
from edge.runtime.networks.model import Network, load, parts_of
from edge.runtime.networks.presets import HAAR, PRESETS, cards_of

__all__ = ["PRESETS", "Detector", "open_detector", "open_rescorer"]

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
        self._close: list[NetworkDetector]
        self._tiles: list[tuple[float, float]] = []
        self._tiles_enlarged: tuple[float, float] | None = None

    def tiles(self, frame: Frame) -> Sequence[tuple[float, float]]:
        """The sizes of the networks that see less than the frame, in the full frame's pixels."""
        if frame.small.shape != self._shape:
            self._choose(frame.small.shape)
        across, down = enlarged = _enlarged(frame)
        if enlarged != self._tiles_enlarged:
            self._tiles_enlarged = enlarged
            inputs = [network.card.input for network in self._close]
            self._tiles = [(size.width * across, size.height * down) for size in inputs]
        return self._tiles

    def detect(self, frame: Frame, region: Region = EVERYWHERE) -> list[Face]:
        """Find faces on `frame.small`; those wholly beyond `region` may be left out."""
        if frame.small.shape != self._shape:
            self._choose(frame.small.shape)
        if isinstance(region, Tile):
            return self._look_into(frame, region)
        for narrow in self._narrower if region is not EVERYWHERE else ():
            columns = columns_of(region, frame, self._scale, narrow.card.input.width)
            if columns is None:
                continue
            faces = narrow.detect(frame, columns)
            if any(is_cut(face, columns, frame) for face in faces):
                break  # half of a face has another size and place: look at the whole of it
            return faces
        return self._whole.detect(frame)

    def _look_into(self, frame: Frame, tile: Tile) -> list[Face]:
        """Faces that lie wholly in a tile; their scores count a little less, since many more
        places are looked at.
        """
        width = round(tile.width / _enlarged(frame)[0])
        network = next(n for n in self._close if n.card.input.width == width)
        size = network.card.input
        columns, rows = slices_of(tile, frame, size.width, size.height)
        return [
            replace(face, score=max(face.score - self._handicap(face, frame), 0.0))
            for face in network.detect(frame, columns, rows)
            if not is_cut_by(tile, face, frame)
        ]

    def _handicap(self, face: Face, frame: Frame) -> float:
        """What a score from a tile counts less: all of it for a face that shrinking would hide."""
        return self.card.detecting.tile_handicap * (1 - seen_shrunk(face.box, frame.full_width))

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
        self._close = [
            network
            for network in (*self._narrower[1:], self._whole)
            if network.card.input.width < shape[1] and network.card.input.height < shape[0]
        ]
        self._tiles_enlarged = None


def _enlarged(frame: Frame) -> tuple[float, float]:
    """How many pixels of the full frame one of the small frame is, across and down."""
    height, width = frame.small.shape[:2]
    return frame.full_width / width, frame.full_height / height


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
    for network in (*networks, *parts):
        try_decoder(network, FAMILIES[family])
    return ShapedDetector(networks, FAMILIES[family], meter or Meter(), parts)


def open_rescorer(card: Card, folder: Path, *, threads: int = 1) -> Rescorer | None:
    """The network with which the detector of `card` looks again; None where it has none."""
    rules = card.detector and card.detector.second_look
    if not rules:
        return None
    network = load(rules.card, folder, threads)
    spec, family = network.card.input, network.card.detecting.family
    if family not in FAMILIES:
        raise ModelError(f"{rules.card!r} can't look again at faces: its family is {family!r}")
    if rules.face_px > min(spec.width, spec.height):
        raise ModelError(
            f"the model {card.name!r}: `second_look.face_px` is {rules.face_px}, but the picture "
            f"of {rules.card!r} is {spec.width} × {spec.height}"
        )
    try_decoder(network, FAMILIES[family])
    return Rescorer(network, FAMILIES[family])
