"""A network's score for the one face that is expected in the middle of a small picture."""

from __future__ import annotations

import numpy as np

from edge.runtime.detect.base import Decode
from edge.runtime.frame import Image
from edge.runtime.networks.card import Input
from edge.runtime.networks.grey import is_grey, tint
from edge.runtime.networks.model import Network

OFF_CENTRE = 0.35
"""A face further from the middle than this, in its own widths, is another one."""

WIDER = 2.0
"""So is one that is wider or narrower by more than this factor."""


class Rescorer:
    """A small network of a detector, asked about one face at a time."""

    def __init__(self, network: Network, decode: Decode) -> None:
        network.prepare(1)
        self._network = network
        self._decode = decode

    @property
    def input(self) -> Input:
        """The picture that it takes."""
        return self._network.card.input

    def score(self, picture: Image, width_px: int) -> float:
        """height × width × 3 uint8 in the card's colours → the best score, 0..1, of a face about
        `width_px` wide in the middle; 0 where there is none.
        """
        gain = self._network.card.detecting.grey_gain
        if gain is not None and is_grey(picture):
            picture = tint(picture, gain, rgb=self.input.colour == "rgb")
        found = self._decode(self._network.run(picture[None]), self._network.card)
        size = found.boxes[:, 2:] - found.boxes[:, :2]
        off = found.boxes[:, :2] + size / 2 - (self.input.width / 2, self.input.height / 2)
        fits = (np.abs(off) < OFF_CENTRE * width_px).all(1)
        fits &= np.abs(np.log(np.maximum(size[:, 0], 1e-3) / width_px)) < np.log(WIDER)
        return float(np.max(found.scores, where=fits, initial=0.0))
