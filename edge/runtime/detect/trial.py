"""Whether a detector's card fits its network: its decoder is tried before a camera is opened."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np

from edge.errors import ModelError
from edge.runtime.detect.base import Candidates, Decode
from edge.runtime.networks.card import Card
from edge.runtime.networks.model import Network

EVERYTHING = 1e-6
"""A score that every place reaches, so that the whole decoder runs."""
WRONG = (KeyError, IndexError, ValueError, TypeError, ArithmeticError, MemoryError, cv2.error)
"""What NumPy and OpenCV raise for tensors of another shape than a decoder reads."""


def try_decoder(network: Network, decode: Decode) -> None:
    """ModelError where the card names outputs that its family's decoder can't read."""
    card = network.card
    eager = msgspec.structs.replace(
        card, detector=msgspec.structs.replace(card.detecting, score_low=EVERYTHING)
    )
    try:
        with np.errstate(all="ignore"):
            found = decode(network.trial(), eager)
    except WRONG as error:
        raise refusal(card, error) from error
    count = len(found.scores)
    if found.boxes.shape != (count, 4) or not _points_fit(found, count):
        raise refusal(card, ValueError("its boxes and scores are of different numbers"))


def refusal(card: Card, error: Exception) -> ModelError:
    """The sentence for a card whose outputs can't be read."""
    missing = isinstance(error, KeyError)
    said = f"`tensors` lacks {error}" if missing else str(error).splitlines()[0] or repr(error)
    return ModelError(
        f"the model {card.name} is not as its card says: its outputs can't be read as those of the "
        f"family {card.detecting.family!r} ({said})"
    )


def _points_fit(found: Candidates, count: int) -> bool:
    return found.keypoints is None or found.keypoints.shape == (count, 4, 2)
