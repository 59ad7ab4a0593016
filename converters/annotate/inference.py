"""Frames → what the device's own detector, estimator and tracker say of the faces in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converters.annotate.draw import Seen
from converters.evaluate.faces import load_network
from edge.config.people import Tracking
from edge.runtime.detect import Detector, open_detector
from edge.runtime.estimate.estimate import Estimator, open_estimator
from edge.runtime.frame import Face, Frame
from edge.runtime.meter import Meter
from edge.runtime.people.tracker import Tracker, rules_of


class FaceReader:
    """Finds and estimates every face of every frame it is shown; numbers them where asked."""

    def __init__(self, detector: Detector, estimator: Estimator, *, tracks: bool) -> None:
        self._detector = detector
        self._estimator = estimator
        self._tracker = _tracker(detector) if tracks else None

    @property
    def confidence_min(self) -> float:
        """From which confidence on the cards believe a gender."""
        return max(card.estimating.gender_confidence_min for card in self._estimator.cards)

    def read(self, frame: Frame) -> list[Seen]:
        """The sure faces of a frame; a track has a number from its third sighting on."""
        frame.develop()
        faces = self._detector.detect(frame)
        numbers = self._numbers(frame, faces)
        least = self._detector.card.detecting.score_min
        sure = [face for face in faces if face.score >= least or id(face) in numbers]
        estimates = self._estimator.estimate(frame.full(), sure)
        return [
            Seen(face, estimate, numbers.get(id(face)))
            for face, estimate in zip(sure, estimates, strict=True)
        ]

    def _numbers(self, frame: Frame, faces: Sequence[Face]) -> dict[int, int]:
        """Which track each face object belongs to."""
        if self._tracker is None:
            return {}
        self._tracker.bounds = frame.full_width, frame.full_height
        seen = self._tracker.update(faces, frame.captured_s)
        self._tracker.expire(frame.captured_s)
        return {id(track.face): track.number for track in seen}


def open_reader(cards: Sequence[Path], names: Sequence[str], detector: str, models: Path,
              *, tracks: bool) -> FaceReader:  # fmt: skip
    """The networks of `cards`, or those called `names` in the folder `models`, and a detector."""
    finder = open_detector(detector, models)
    family = finder.card.detecting.family
    if cards:
        estimator = Estimator([load_network(card) for card in cards], family, Meter())
    else:
        estimator = open_estimator(names, models, family)
    return FaceReader(finder, estimator, tracks=tracks)


def _tracker(detector: Detector) -> Tracker:
    rules = detector.card.detecting
    return Tracker(rules_of(Tracking(), rules.score_min, rules.score_low))
