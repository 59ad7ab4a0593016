"""A source of frames or a detector of one's own: what its class must offer, and what it may not."""

from __future__ import annotations

from typing import assert_type

from edge.runtime.capture import Source
from edge.runtime.capture.feed import Feed, feed_of
from edge.runtime.detect import Detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import EVERYWHERE, Estimate, Face, Frame, Region
from edge.runtime.networks.card import Card


class OneFrame(Source):
    """The least that a source needs."""

    live = False

    def read(self) -> Frame | None:
        return None

    def close(self) -> None:
        pass


class Blind:
    """The least that a detector needs."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def detect(self, frame: Frame, region: Region = EVERYWHERE) -> list[Face]:
        return []

    def tiles(self, frame: Frame) -> list[tuple[float, float]]:
        return []


def feeds(source: OneFrame) -> None:
    """Any source can be read by a thread of its own."""
    assert_type(feed_of(source), Feed)


def detects(card: Card, frame: Frame) -> Detector:
    """A detector needs no base class."""
    assert_type(Blind(card).detect(frame), list[Face])
    return Blind(card)


def estimates(estimator: Estimator, frame: Frame, faces: list[Face]) -> list[Estimate]:
    """Crops are cut from the full picture, not from the frame."""
    estimator.estimate(frame, faces)  # type: ignore[arg-type]
    return estimator.estimate(frame.full(), faces)
